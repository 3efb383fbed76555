"""Bounds of a server: how many clients it holds, how long it waits for each of them, and the answer to what is not HTTP.

A client can hold a connection without a request, send half of one, or not read its answer. Each of these ends after a time, so
that clients never take the descriptors that modems and the database need.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import struct
from contextvars import Context
from http import HTTPStatus
from typing import Any
from weakref import WeakSet

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from modemd import logs
from modemd.accounts import user_name
from modemd.errors import ErrorCode
from modemd.http.joined_writes import JoinedWrites
from modemd.http.problems import CONTENT_TYPE, make_problem
from modemd.light_dataclass import dataclass

log = logs.get(__name__)

# A gateway has a few clients; a hundred at the same moment are a mistake of one of them.
MOST_CONNECTIONS = 128
# The share of the process's descriptors that clients may take. The rest is for modems, the database and Python.
DESCRIPTOR_SHARE = 4
# How many clients asyncio accepts in one turn of the loop. Several turns pass before one too many is closed.
ACCEPTED_AT_ONCE = 4
IDLE_S = 10.0
UNREAD_S = 30.0
SPARED_S = 0.5
STOPPING = "modemd is stopping, and this request is not finished; look after the next start whether it was carried out"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one server. `connections`: clients at the same time; `idle_s`: seconds until the head of a request must be
    complete, from the connection or the last answer; `unread_s`: seconds for which a client may leave an answer unread;
    `spared_s`: seconds for which a client keeps its place in a crowd, since its request may be here and not yet read."""

    connections: int = MOST_CONNECTIONS
    idle_s: float = IDLE_S
    unread_s: float = UNREAD_S
    spared_s: float = SPARED_S


def choose_bounds() -> Bounds:
    """Returns the bounds for this process: its clients take at most a quarter of the descriptors that it may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        Bounds() if soft == resource.RLIM_INFINITY else Bounds(max(min(MOST_CONNECTIONS, soft // DESCRIPTOR_SHARE), 1))
    )


def error_body(code: str, status: int, message: str) -> bytes:
    """Returns the JSON body that every error has."""
    return json.dumps(make_problem(code, status, message)).encode()


def _find_user(transport: asyncio.BaseTransport) -> tuple[str, int] | None:
    """Returns the name and number of the user at the other end of a Unix socket, in place of an address and port (unix(7))."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family != socket.AF_UNIX:
        return None
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user_name(uid), uid


class Crowd:
    """Clients of one server. Logs once that there are too many of them, and again only after half of them have gone."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.shaking_hands: WeakSet[BoundedProtocol] = WeakSet()
        """Connections that are accepted, and have not finished their TLS handshake."""
        self._is_told = False

    def admit(self, newcomer: BoundedProtocol) -> bool:
        """Returns True if there is room for a client. The one that has waited longest without a request makes room for it."""
        clients = newcomer.connections
        if len(clients) <= self.bounds.connections:
            if len(clients) <= self.bounds.connections // 2:
                self._is_told = False
            return True
        if not self._is_told:
            self._is_told = True
            log.warning(
                "too many clients of the socket; those without a request are let go", clients=self.bounds.connections
            )
        waiting = [
            each for each in clients if isinstance(each, BoundedProtocol) and each is not newcomer and each.waits
        ]
        longest = min(waiting, key=lambda each: each.waits_since, default=None)
        if longest is None or newcomer.loop.time() - longest.waits_since < self.bounds.spared_s:
            return False
        clients.discard(longest)
        longest.transport.abort()
        return True


class BoundedProtocol(H11Protocol):
    """Connection of one client, within the bounds of `crowd`, which a subclass sets for its server. `slices`: the context in
    which its requests are read and answered. It is let in or refused at once, so that none wait that are not counted."""

    crowd: Crowd
    slices: Context

    def __init__(self, *given: Any, **named: Any) -> None:
        if len(self.crowd.shaking_hands) >= self.crowd.bounds.connections:
            raise ConnectionAbortedError("too many TLS handshakes at once")
        super().__init__(*given, **named)
        self.crowd.shaking_hands.add(self)
        self.waits_since = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._arrived = bytearray()
        self._reading: asyncio.Handle | None = None
        self._is_held_up = False
        self._is_half_closed = False

    @property
    def waits(self) -> bool:
        """True while no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self.crowd.shaking_hands.discard(self)
        super().connection_made(transport)
        self.transport = JoinedWrites(transport, self.conn, self.loop)  # type: ignore[assignment]  # it stands for one
        self.client = self.client or _find_user(transport)
        if self.crowd.admit(self):
            self._await_request()
        else:
            self.connections.discard(self)  # it has no place that it could make for another
            self._answer(
                HTTPStatus.SERVICE_UNAVAILABLE, ErrorCode.TOO_MANY_CLIENTS, "too many clients at once; try again later"
            )

    def connection_lost(self, exc: Exception | None) -> None:
        for handle in (self._deadline, self._unread, self._reading):
            if handle is not None:
                handle.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what a client sends. It is read in a slice of the server: with many clients, reading takes its time."""
        self._arrived += data
        if self._reading is None:
            self._reading = self.loop.call_soon(self._read, context=self.slices)
        elif not self.flow.read_paused:
            self._is_held_up = True  # so that no more comes in than is read
            self.flow.pause_reading()

    def _read(self) -> None:
        self._reading = None
        data, self._arrived = bytes(self._arrived), bytearray()
        if self._is_held_up:
            self._is_held_up = False
            self.flow.resume_reading()
        super().data_received(data)
        self._end_if_half_closed()

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's own closes the connection
        """Takes note that a client has closed its side. One that did so behind its request, as `nc -N`, still gets its answer. If
        the answer has begun already, the client has gone: it would never end a stream of events. TLS has no such state."""
        self._is_half_closed = True
        begins_later = self._has_whole_request and not self.cycle.response_started
        return self.scheme != "https" and (self._reading is not None or begins_later)

    @property
    def _has_whole_request(self) -> bool:
        return not self.waits and self.conn.their_state is not h11.SEND_BODY

    def _end_if_half_closed(self) -> None:
        """Closes the connection if its client has closed its side, and no whole request of it is left."""
        if self._is_half_closed and not self._has_whole_request:
            self.transport.close()

    def on_response_complete(self) -> None:
        self._await_request()
        super().on_response_complete()
        self._end_if_half_closed()

    def shutdown(self) -> None:
        """Ends the connection after the answer that is under way. A request that has arrived, and is not read yet, is refused."""
        if self._reading is not None and self.waits:
            self._reading.cancel()
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, ErrorCode.STOPPING, STOPPING)
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.crowd.bounds.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # The body of a request is garbled. Whatever the application answers now, it does not answer what was meant.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        self._answer(HTTPStatus.BAD_REQUEST, ErrorCode.BAD_REQUEST, "this is not an HTTP request")

    def _await_request(self) -> None:
        self.waits_since = self.loop.time()
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.crowd.bounds.idle_s, self._let_go)

    def _let_go(self) -> None:
        """Closes the connection, unless a request is under way, or the last one was answered since the timer was set."""
        self._deadline = None
        left_s = self.waits_since + self.crowd.bounds.idle_s - self.loop.time()
        if self.waits and left_s <= 0:
            self.transport.close()
        elif self.waits:
            self._deadline = self.loop.call_later(left_s, self._let_go)

    def _answer(self, status: HTTPStatus, code: str, message: str) -> None:
        """Answers without the application, and closes the connection."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = error_body(code, status, message)
            headers = [
                (b"content-type", CONTENT_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            response = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
