"""Connection of a client to the message centre: a session of SMPP over any transport."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from modemd.emulator.smpp.account import Done, SmppAccount
from modemd.emulator.timers import Handle, Timers
from modemd.smpp.events import (
    AnsweredLate,
    BindRequested,
    Event,
    LinkLost,
    OctetsToSend,
    RequestAnswered,
    RequestUnknown,
    SubmitRequested,
    Unbound,
)
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import DataSm, DataSmResp, DeliverSm, QuerySm, QuerySmResp, SubmitSm, SubmitSmResp
from modemd.smpp.permissions import NotPermitted, SessionState, SmppRole
from modemd.smpp.session import SmppSession

Answer = SubmitSmResp | DataSmResp | QuerySmResp
_RECEIVING = (SessionState.BOUND_RECEIVER, SessionState.BOUND_TRANSCEIVER)


class Desk(Protocol):
    """The centre, as a connection uses it."""

    @property
    def system_id(self) -> str:
        """Name of the centre in its answers to binds."""

    def admit(self, system_id: str, password: str) -> SmppAccount | int:
        """Returns the account of a client, or the status with which its bind is refused."""

    def take_request(self, connection: CentreConnection, sequence: int, body: SubmitSm | DataSm | QuerySm) -> None:
        """Takes a message or a query of a client that is bound."""

    def note_bound(self, account: SmppAccount) -> None:
        """Takes note that an account can receive again."""

    def forget(self, connection: CentreConnection) -> None:
        """Takes note that the transport of a connection has ended."""


class CentreConnection:
    """Connection, over a transport that `write` and `close` belong to. The transport calls `receive` and `lost`."""

    def __init__(
        self,
        desk: Desk,
        timers: Timers,
        limits: SessionLimits,
        write: Callable[[bytes], None],
        close: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._timers = timers
        self._began_at = timers.now()
        self._write = write
        self._close = close
        self._session = SmppSession(SmppRole.SMSC, self._now(), limits)
        self._deliveries: dict[int, Done] = {}
        self._timer: Handle | None = None
        self.account: SmppAccount | None = None
        self.received_at: datetime = self._began_at
        """When the octets came that are handled now."""
        self._schedule()

    # -- for the transport

    def receive(self, octets: bytes) -> None:
        """Takes octets of the client."""
        self.received_at = self._timers.now()
        self._handle(self._session.receive_data(octets, self._now()))

    def lost(self) -> None:
        """Takes note that the transport has ended."""
        self._handle(self._session.connection_lost())
        self._desk.forget(self)

    # -- for the centre and the account

    @property
    def takes_deliveries(self) -> bool:
        """True if the client is bound as a receiver or transceiver, and its window has room."""
        return self._session.state in _RECEIVING and self._session.room > 0

    def deliver(self, body: DeliverSm, done: Done) -> None:
        """Sends a delivery. `done` is called when it is answered, or when the answer will not come."""
        request = self._session.send_request(body, self._now())
        self._deliveries[request.sequence] = done
        self._write(request.octets)
        self._schedule()

    def answer(self, sequence: int, body: Answer) -> None:
        """Answers a request. Does nothing if the connection has ended meanwhile."""
        try:
            octets = self._session.answer(sequence, body)
        except NotPermitted:
            return
        self._write(octets)
        self._handle([])

    def refuse(self, sequence: int, status: int) -> None:
        """Refuses a request. Does nothing if the connection has ended meanwhile."""
        try:
            octets = self._session.acknowledge(sequence, status)
        except NotPermitted:
            return
        self._write(octets)
        self._handle([])

    def cut(self) -> None:
        """Ends the connection at once, as a fault."""
        self._close()
        self.lost()

    # -- what happens

    def _now(self) -> float:
        return (self._timers.now() - self._began_at).total_seconds()

    def _check(self) -> None:
        self._timer = None
        self._handle(self._session.check(self._now()))

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._session.next_deadline()
        if deadline is not None:
            self._timer = self._timers.after(max(0.0, deadline - self._now()), self._check)

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, OctetsToSend):
                self._write(event.octets)
            elif isinstance(event, BindRequested):
                self._bind(event)
            elif isinstance(event, SubmitRequested):
                self._desk.take_request(self, event.sequence, event.body)
            elif isinstance(event, RequestAnswered):
                self._end_delivery(event.sequence, is_taken=event.is_taken)
            elif isinstance(event, AnsweredLate):
                self._end_delivery(event.answer.sequence, is_taken=event.answer.is_taken)
            elif isinstance(event, RequestUnknown):
                self._end_delivery(event.sequence, is_taken=False)
            elif isinstance(event, Unbound | LinkLost):
                self._end()
        self._schedule()
        if self.account is not None:
            self.account.pump()

    def _bind(self, event: BindRequested) -> None:
        found = self._desk.admit(event.body.system_id, event.body.password)
        if isinstance(found, int):
            self._write(self._session.refuse_bind(event.sequence, found))
            return
        self._write(self._session.accept_bind(event.sequence, self._desk.system_id))
        self.account = found
        found.add_link(self)
        self._desk.note_bound(found)

    def _end_delivery(self, sequence: int, *, is_taken: bool) -> None:
        done = self._deliveries.pop(sequence, None)
        if done is not None:
            done(is_taken)

    def _end(self) -> None:
        account, self.account = self.account, None
        if account is not None:
            account.remove_link(self)
        self._close()
        for sequence in list(self._deliveries):
            self._end_delivery(sequence, is_taken=False)
