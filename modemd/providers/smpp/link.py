"""Link: one bound connection to a message centre.

A link is used once. When it has ended, what had no answer is unknown, and whoever wants to go on opens another. Nothing is sent
again here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol

from modemd import logs
from modemd.errors import ModemdError
from modemd.providers.exchange import NotSent
from modemd.providers.smpp.endpoint import BindMode, SmppEndpoint
from modemd.smpp.events import (
    AnsweredLate,
    BindRefused,
    Bound,
    Delivery,
    Event,
    LinkLost,
    OctetsToSend,
    RequestAnswered,
    RequestUnknown,
    Unbound,
    UnexpectedPdu,
    UnreadableDelivery,
)
from modemd.smpp.message_operations import QuerySm, SubmitSm
from modemd.smpp.permissions import NotPermitted, SmppRole
from modemd.smpp.session import SmppSession
from modemd.smpp.session_operations import BindReceiver, BindTransceiver, BindTransmitter
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.window import WindowFull

log = logs.get(__name__)

_BINDS: dict[BindMode, type[BindReceiver | BindTransceiver | BindTransmitter]] = {
    BindMode.TRANSCEIVER: BindTransceiver,
    BindMode.TRANSMITTER: BindTransmitter,
    BindMode.RECEIVER: BindReceiver,
}
# Octets that are read at once.
_READ = 64 * 1024
# Seconds that the last octets have to leave before the connection is cut.
_FLUSH_S = 2.0

Answer = RequestAnswered | RequestUnknown
"""Fate of a request: the answer, or that none came. The second is no refusal."""


class NotBound(ModemdError):
    """Link that could not be opened. `status`: that of the refused bind; None if there was no answer to a bind."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class LinkHandler(Protocol):
    """Receiver of what comes over a link."""

    async def take_delivery(self, delivery: Delivery | UnreadableDelivery) -> int:
        """Stores a message or a receipt, and returns the status of its answer: OK only after the commit."""

    def note_late_answer(self, answer: RequestAnswered) -> None:
        """Takes an answer to a request that was reported as unknown before."""


class SmppLink:
    """Bound connection. `open` makes it; `closed` is set when it has ended."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, endpoint: SmppEndpoint, handler: LinkHandler
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._may_send = endpoint.mode is not BindMode.RECEIVER
        self._session = SmppSession(SmppRole.ESME, self._loop.time(), endpoint.limits)
        self._bound: asyncio.Future[Bound] = self._loop.create_future()
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._waiting_for_room: list[asyncio.Future[None]] = []
        self._deliveries: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._reading = self._loop.create_task(self._read(), name="smpp link")
        self.closed = asyncio.Event()
        self.ended_because = ""

    @classmethod
    async def open(cls, endpoint: SmppEndpoint, handler: LinkHandler) -> SmppLink:
        """Connects and binds. Raises NotBound."""
        try:
            async with asyncio.timeout(endpoint.connect_s):
                reader, writer = await asyncio.open_connection(
                    endpoint.host,
                    endpoint.port,
                    ssl=endpoint.tls,
                    server_hostname=endpoint.host if endpoint.tls is not None else None,
                )
        except TimeoutError:
            raise NotBound(f"no connection to {endpoint.host} within {endpoint.connect_s:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise NotBound(f"the certificate of {endpoint.host} is refused: {error.verify_message}") from None
        except (OSError, UnicodeError) as error:
            raise NotBound(f"no connection to {endpoint.host}: {getattr(error, 'strerror', None) or error}") from None
        link = cls(reader, writer, endpoint, handler)
        try:
            await link._bind(endpoint)
        except BaseException:
            await link._cut()
            raise
        return link

    @property
    def room(self) -> int:
        """Requests that may be sent now."""
        return self._session.room

    async def submit(self, body: SubmitSm | QuerySm, before_first_octet: Callable[[], Awaitable[None]]) -> Answer:
        """Sends a request, and returns its fate. It waits for room in the window first.

        `before_first_octet` is awaited when there is room: the journal notes there that the request is being written, and what it
        raises is raised here, with nothing sent. Raises NotSent if the link ends before the first octet. If the caller is
        cancelled later, the request goes on, and its fate comes as a late answer.
        """
        await self._wait_for_room()
        await before_first_octet()
        while True:
            try:
                request = self._session.send_request(body, self._loop.time())
                break
            except WindowFull:  # somebody else took the room meanwhile
                await self._wait_for_room()
            except NotPermitted as error:
                raise NotSent(self.ended_because or str(error)) from None
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answers[request.sequence] = answer
        self._writer.write(request.octets)
        self._schedule()
        return await answer

    async def close(self, within_s: float) -> None:
        """Unbinds when all requests are answered, and ends the connection, after `within_s` seconds at the latest."""
        if not self.closed.is_set():
            try:
                self._handle(self._session.begin_unbind(self._loop.time()))
                async with asyncio.timeout(within_s):
                    await self.closed.wait()
            except (NotPermitted, TimeoutError):
                pass
        await self._cut()

    # -- inside

    async def _bind(self, endpoint: SmppEndpoint) -> None:
        body = _BINDS[endpoint.mode](
            system_id=endpoint.system_id, password=endpoint.password.reveal(), system_type=endpoint.system_type
        )
        self._writer.write(self._session.send_bind(body, self._loop.time()).octets)
        self._schedule()
        bound = await self._bound
        log.info("bound", host=endpoint.host, system_id=bound.system_id, mode=endpoint.mode)

    async def _wait_for_room(self) -> None:
        if not self._may_send:
            raise NotSent("the link is bound as a receiver")
        while self._session.room <= 0:
            if self.closed.is_set():
                raise NotSent(self.ended_because)
            waiting = self._loop.create_future()
            self._waiting_for_room.append(waiting)
            await waiting

    async def _read(self) -> None:
        try:
            while octets := await self._reader.read(_READ):
                self._handle(self._session.receive_data(octets, self._loop.time()))
                if self.closed.is_set():
                    return
            self._handle(self._session.connection_lost("the centre closed the connection"))
        except OSError as error:
            self._handle(self._session.connection_lost(error.strerror or str(error)))

    def _check(self) -> None:
        self._timer = None
        self._handle(self._session.check(self._loop.time()))

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._session.next_deadline()
        if deadline is not None and not self.closed.is_set():
            self._timer = self._loop.call_at(deadline, self._check)

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self._take(event)
        self._schedule()
        if events:
            self._notify_room()

    def _take(self, event: Event) -> None:
        match event:
            case OctetsToSend():
                self._writer.write(event.octets)
            case Bound():
                if not self._bound.done():
                    self._bound.set_result(event)
            case BindRefused():
                self._fail_bind(f"the bind is refused with status {_name_status(event.status)}", event.status)
            case RequestAnswered() | RequestUnknown():
                answer = self._answers.pop(event.sequence, None)
                if answer is not None and not answer.done():
                    answer.set_result(event)
                elif isinstance(event, RequestAnswered):  # nobody waits for it any more
                    self._handler.note_late_answer(event)
            case AnsweredLate():
                self._handler.note_late_answer(event.answer)
            case Delivery() | UnreadableDelivery():
                task = self._loop.create_task(self._deliver(event), name="smpp delivery")
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
            case Unbound():
                self._end("the centre has unbound" if event.by_peer else "unbound")
            case LinkLost():
                self._end(f"{event.cause}: {event.detail}" if event.detail else str(event.cause))
            case UnexpectedPdu():
                log.warning("unexpected PDU", command=f"0x{event.command_id:08X}", because=event.reason)
            case _:
                log.info("notice of the message centre", kind=type(event).__name__)

    async def _deliver(self, event: Delivery | UnreadableDelivery) -> None:
        try:
            status = await self._handler.take_delivery(event)
        except Exception:
            log.exception("a delivery could not be stored")
            status = CommandStatus.TEMPORARY_APPLICATION_ERROR  # the centre repeats it
        try:
            self._writer.write(self._session.acknowledge(event.sequence, status))
        except NotPermitted:  # the link has ended: the centre repeats the delivery, and the store knows it then
            return
        self._handle([])

    def _fail_bind(self, reason: str, status: int | None = None) -> None:
        if not self._bound.done():
            self._bound.set_exception(NotBound(reason, status))

    def _notify_room(self) -> None:
        """Wakes who waits for room, to look again."""
        waiting, self._waiting_for_room = self._waiting_for_room, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def _end(self, because: str) -> None:
        self.ended_because = because
        self.closed.set()
        self._fail_bind(because)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _cut(self) -> None:
        """Ends the connection now. What has no answer is unknown."""
        self._handle(self._session.connection_lost("closed"))
        self.closed.set()
        self._notify_room()
        self._reading.cancel()
        self._writer.close()
        try:
            async with asyncio.timeout(_FLUSH_S):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()
        await asyncio.gather(self._reading, *self._deliveries, return_exceptions=True)


def _name_status(status: int) -> str:
    try:
        return f"0x{status:02X} ({CommandStatus(status).name.lower()})"
    except ValueError:
        return f"0x{status:02X}"
