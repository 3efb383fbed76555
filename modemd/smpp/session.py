"""Session on one connection, of either side, without input or output (2.2, 2.3, 2.7, 2.8, 7.2).

Give it the octets that were read and the time, and it returns what happened. Octets to write come as results of methods, and as
:class:`OctetsToSend` among the events. A transmitter and a receiver are two connections, and so two sessions.

A request whose answer did not come is unknown, never refused. A delivery is answered only by `acknowledge`, so that it can be
stored before. Before `check`, give the session all octets that have come: an answer may be among them.
"""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.smpp.events import (
    AlertReceived,
    AnsweredLate,
    BindRefused,
    BindRequested,
    Bound,
    Delivery,
    Event,
    LinkLost,
    LossCause,
    OctetsToSend,
    OutbindRequested,
    RequestAnswered,
    RequestUnknown,
    SubmitRequested,
    Unbound,
    UnexpectedPdu,
    UnknownCause,
    UnreadableDelivery,
)
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import (
    AlertNotification,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from modemd.smpp.operation import RESPONSE_BIT, CommandId, Operation
from modemd.smpp.pdus import (
    Pdu,
    PduError,
    PduStream,
    StreamError,
    UnknownOperation,
    decode_pdu,
    make_error_response,
    make_pdu,
)
from modemd.smpp.peer_requests import PeerRequests
from modemd.smpp.permissions import BOUND_BY, NotPermitted, SessionState, SmppRole, find_refusal, is_permitted
from modemd.smpp.session_operations import (
    BINDS,
    Bind,
    EnquireLink,
    EnquireLinkResp,
    Outbind,
    Unbind,
    UnbindResp,
    make_bind_resp,
)
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.tlvs import Tag, find_integer
from modemd.smpp.window import MESSAGE_REQUESTS, AwaitedAnswer, RequestWindow, WindowFull

_DELIVERIES = {CommandId.DELIVER_SM: DeliverSmResp(), CommandId.DATA_SM: DataSmResp()}
_WITHOUT_RESPONSE = frozenset({CommandId.ALERT_NOTIFICATION, CommandId.OUTBIND})


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """Request that is registered. `octets` are to be written; answers name `sequence`."""

    sequence: int
    octets: bytes


class SmppSession:
    """Session of one side. `now`: monotonic seconds, the time at which the connection was opened."""

    def __init__(self, role: SmppRole, now: float, limits: SessionLimits | None = None) -> None:
        self._role = role
        self._limits = limits or SessionLimits()
        self._state = SessionState.OPEN
        self._peer_state = SessionState.OPEN  # differs from ours while the peer does not know that we unbind
        self._opened_at = self._heard_at = now
        self._is_readable = True
        self._stream = PduStream()
        self._window = RequestWindow(self._limits.window)
        self._bind: tuple[int, Bind] | None = None  # the peer's bind that has no answer yet
        self._requests = PeerRequests(self._limits.most_requests)

    @property
    def state(self) -> SessionState:
        """The state of the session."""
        return self._state

    @property
    def room(self) -> int:
        """Messages and queries that may be sent now."""
        # Each side may send data_sm where it may send messages at all.
        return self._window.room if is_permitted(self._role, self._state, CommandId.DATA_SM) else 0

    @property
    def outstanding(self) -> int:
        """Messages and queries of ours without an answer, whose time is not over."""
        return self._window.outstanding

    # What we send.

    def send_bind(self, body: Bind, now: float) -> OutgoingRequest:
        """Registers a bind, and returns its octets. NotPermitted unless the session is open and no bind waits for its answer."""
        if any(self._window.is_waiting(each) for each in BINDS):
            raise NotPermitted("a bind waits for its answer")
        return self._send(body, now, self._limits.bind_s)

    def send_request(self, body: SubmitSm | DeliverSm | DataSm | QuerySm, now: float) -> OutgoingRequest:
        """Registers a message or a query, and returns its octets. Raises NotPermitted, WindowFull, or EncodeError.

        Once this has returned, RequestAnswered, RequestUnknown, or both with AnsweredLate come for it.
        """
        if self._window.room <= 0:
            raise WindowFull(f"{self._window.outstanding} requests wait for their answers")
        return self._send(body, now, self._limits.response_s)

    def send_notice(self, body: AlertNotification | Outbind) -> bytes:
        """Returns the octets of a PDU that has no response. Raises NotPermitted."""
        self._require(body.COMMAND)
        return make_pdu(body, self._window.choose_sequence()).encode()

    def begin_unbind(self, now: float) -> list[Event]:
        """Begins to unbind: no new requests, and unbind as soon as both sides have answered all requests. Raises NotPermitted.

        An answer that does not come is awaited for its whole time. Who cannot wait so long closes the connection.
        """
        self._require(CommandId.UNBIND)
        self._state = SessionState.UNBINDING
        return self._continue_unbind(now)

    def acknowledge(self, sequence: int, status: int = CommandStatus.OK) -> bytes:
        """Returns the octets of the answer to a delivery, or of the refusal of any request. NotPermitted if no such request
        waits, which is so after the connection is lost."""
        command_id = self._requests.find(sequence)
        if command_id is None or (status == CommandStatus.OK and command_id not in _DELIVERIES):
            raise NotPermitted(f"no delivery {sequence} waits for an answer")
        if status != CommandStatus.OK:
            response = make_error_response(command_id, sequence, status)
        else:
            response = make_pdu(_DELIVERIES[command_id], sequence)
        self._requests.remove(sequence)
        return response.encode()

    def answer(self, sequence: int, body: SubmitSmResp | DataSmResp | QuerySmResp) -> bytes:
        """Returns the octets of an answer without an error to a message or a query. NotPermitted if no such request waits."""
        command_id = self._requests.find(sequence)
        if command_id is None or command_id | RESPONSE_BIT != body.COMMAND:
            raise NotPermitted(f"no request {sequence} waits for {body.COMMAND.name.lower()}")
        octets = make_pdu(body, sequence).encode()
        self._requests.remove(sequence)
        return octets

    def accept_bind(self, sequence: int, system_id: str) -> bytes:
        """Returns the octets of the answer to a bind; the session is bound. NotPermitted if this bind does not wait."""
        bind = self._take_bind(sequence)
        self._state = self._peer_state = BOUND_BY[bind.COMMAND]
        return make_pdu(make_bind_resp(bind, system_id), sequence).encode()

    def refuse_bind(self, sequence: int, status: int) -> bytes:
        """Returns the octets of the refusal of a bind. NotPermitted if this bind does not wait."""
        return make_error_response(self._take_bind(sequence).COMMAND, sequence, status).encode()

    # What happens.

    def receive_data(self, octets: bytes, now: float) -> list[Event]:
        """Returns what octets from the connection mean, in order. They may end anywhere in a PDU."""
        events: list[Event] = []
        if self._is_readable:
            self._stream.add(octets)
        while self._is_readable:
            try:
                frame = self._stream.take_frame()
            except StreamError as error:
                events += self._lose(LossCause.GARBAGE, str(error))
                break
            if frame is None:
                break
            self._heard_at = now
            events += self._read(frame)
        return events + self._continue_unbind(now)

    def connection_lost(self, detail: str = "") -> list[Event]:
        """Returns what the end of the connection means. After Unbound or LinkLost it means nothing more."""
        if self._state is SessionState.CLOSED:
            self._is_readable = False
            return []
        return self._lose(LossCause.CLOSED, detail)

    def next_deadline(self) -> float | None:
        """Returns the time at which `check` should be called; None if nothing is awaited."""
        if self._state is SessionState.CLOSED:
            return None
        if self._can_send_unbind():
            return self._heard_at  # at once
        deadlines = [self._window.next_deadline, self._find_enquiry_time(), self._find_bind_deadline()]
        return min([each for each in deadlines if each is not None], default=None)

    def check(self, now: float) -> list[Event]:
        """Returns what the time means: answers that are overdue, a peer that is silent, enquire_link to be sent."""
        if self._state is SessionState.CLOSED:
            return []
        expired = self._window.expire(now)
        # First the messages: each must be told, even if the link turns out to be lost.
        events = self._report_unknown(expired, UnknownCause.TIMEOUT)
        for each in expired:
            events += self._time_out(each)
            if not self._is_readable:
                return events
        bind_deadline = self._find_bind_deadline()
        if bind_deadline is not None and bind_deadline <= now:
            return events + self._lose(LossCause.NOT_BOUND, f"no bind within {self._limits.bind_s:g} s")
        enquiry = self._find_enquiry_time()
        if enquiry is not None and enquiry <= now:
            events.append(OctetsToSend(self._send(EnquireLink(), now, self._limits.enquire_s).octets))
        return events + self._continue_unbind(now)

    # How it works inside.

    def _require(self, command_id: CommandId) -> None:
        if not is_permitted(self._role, self._state, command_id):
            raise NotPermitted(f"{command_id.name.lower()} of the {self._role} is not permitted when {self._state}")

    def _send(self, body: Operation, now: float, timeout_s: float) -> OutgoingRequest:
        self._require(body.COMMAND)
        sequence = self._window.choose_sequence()
        octets = make_pdu(body, sequence).encode()
        self._window.register(sequence, body.COMMAND, now, timeout_s)
        return OutgoingRequest(sequence, octets)

    def _can_send_unbind(self) -> bool:
        """Returns whether nothing is left to wait for before unbind."""
        if self._state is not SessionState.UNBINDING or self._window.is_waiting(CommandId.UNBIND):
            return False
        return not self._window.outstanding and not self._requests

    def _continue_unbind(self, now: float) -> list[Event]:
        return (
            [OctetsToSend(self._send(Unbind(), now, self._limits.enquire_s).octets)] if self._can_send_unbind() else []
        )

    def _find_enquiry_time(self) -> float | None:
        if self._state is SessionState.OPEN or self._window.is_waiting(CommandId.ENQUIRE_LINK):
            return None
        return self._heard_at + self._limits.enquire_after_s

    def _find_bind_deadline(self) -> float | None:
        """Returns until when an ESME must bind (session_init_timer, 7.2). Our own bind has its deadline in the window."""
        is_awaited = self._role is SmppRole.SMSC and self._state is SessionState.OPEN and self._bind is None
        return self._opened_at + self._limits.bind_s if is_awaited else None

    def _time_out(self, expired: AwaitedAnswer) -> list[Event]:
        command_id = CommandId(expired.command_id)
        if command_id is CommandId.ENQUIRE_LINK:
            # Another PDU that came meanwhile proves the same as the answer would.
            if self._heard_at > expired.sent_at:
                return []
            return self._lose(LossCause.SILENT, f"no answer to enquire_link within {self._limits.enquire_s:g} s")
        if command_id is CommandId.UNBIND:
            return self._lose(LossCause.NOT_UNBOUND)
        if command_id in BINDS:
            return self._lose(LossCause.NOT_BOUND, f"no answer to bind within {self._limits.bind_s:g} s")
        return []

    def _report_unknown(self, requests: list[AwaitedAnswer], cause: UnknownCause) -> list[Event]:
        messages = [each for each in requests if each.command_id in MESSAGE_REQUESTS]
        return [RequestUnknown(each.sequence, CommandId(each.command_id), cause) for each in messages]

    def _lose(self, cause: LossCause, detail: str = "") -> list[Event]:
        """Ends the session. Everything that has no answer is unknown."""
        was_closed = self._state is SessionState.CLOSED
        self._is_readable = False
        self._stream.discard()
        events = self._close(UnknownCause.LINK_LOST)
        return events if was_closed else [*events, LinkLost(cause, detail)]

    def _close(self, cause: UnknownCause) -> list[Event]:
        self._state = self._peer_state = SessionState.CLOSED
        self._bind = None
        self._requests.clear()
        return self._report_unknown(self._window.expire_all(), cause)

    def _read(self, frame: bytes) -> list[Event]:
        try:
            pdu = decode_pdu(frame)
        except PduError as error:
            return self._read_unreadable(error)
        return self._read_response(pdu) if pdu.command_id & RESPONSE_BIT else self._read_request(pdu)

    def _read_unreadable(self, error: PduError) -> list[Event]:
        """Handles a PDU that cannot be read. Its header can, so an answer still counts."""
        command_id, sequence = error.command_id, error.sequence
        unexpected = UnexpectedPdu(command_id, sequence, error.status, str(error))
        if error.is_response:
            if isinstance(error, UnknownOperation):
                return [unexpected]  # nobody answers a response (4.3)
            return self._read_response(Pdu(command_id, sequence, error.status), str(error))
        if not isinstance(error, UnknownOperation) and not self._is_permitted_for_peer(command_id):
            return self._refuse_unpermitted(Pdu(command_id, sequence, error.status))
        if self._state is SessionState.CLOSED or command_id in _WITHOUT_RESPONSE:
            return [unexpected]
        if self._role is SmppRole.ESME and command_id in _DELIVERIES:
            if not self._requests.keep(sequence, CommandId(command_id)):
                return self._refuse_for_now(command_id, sequence)
            return [UnreadableDelivery(sequence, command_id, error.octets, str(error), error.answer)]
        return [self._refuse(command_id, sequence, error.answer), unexpected]

    def _read_response(self, pdu: Pdu, problem: str | None = None) -> list[Event]:
        is_nack = pdu.command_id == CommandId.GENERIC_NACK
        if is_nack and pdu.sequence == 0 and self._state is not SessionState.CLOSED:
            return self._lose(LossCause.NACK_WITHOUT_SEQUENCE, f"status 0x{pdu.status:02X}")
        request = self._window.take(pdu.sequence, pdu.command_id)
        if request is None:
            return [UnexpectedPdu(pdu.command_id, pdu.sequence, pdu.status, "nobody awaits this answer")]
        command_id = CommandId(request.command_id)
        if command_id in BINDS:
            return self._end_bind(command_id, pdu)
        if command_id is CommandId.ENQUIRE_LINK:
            return []
        if command_id is CommandId.UNBIND:
            return [] if self._state is SessionState.CLOSED else self._end_by_unbind(by_peer=False)
        answer = RequestAnswered(pdu.sequence, command_id, pdu.status, pdu.body, is_nack, problem)
        return [AnsweredLate(answer) if request.is_late else answer]

    def _end_bind(self, command_id: CommandId, pdu: Pdu) -> list[Event]:
        if pdu.status != CommandStatus.OK or pdu.command_id == CommandId.GENERIC_NACK:
            return [BindRefused(pdu.status or CommandStatus.UNKNOWN_ERROR)]  # a generic_nack may say 0
        self._state = self._peer_state = BOUND_BY[command_id]
        version = None if pdu.body is None else find_integer(pdu.body.tlvs, Tag.SC_INTERFACE_VERSION)
        return [Bound(self._state, getattr(pdu.body, "system_id", ""), version)]

    def _end_by_unbind(self, by_peer: bool) -> list[Event]:
        return [*self._close(UnknownCause.UNBOUND), Unbound(by_peer)]

    def _is_permitted_for_peer(self, command_id: int) -> bool:
        return is_permitted(self._role.peer, self._peer_state, command_id)

    def _read_request(self, pdu: Pdu) -> list[Event]:
        command_id, sequence, body = pdu.command_id, pdu.sequence, pdu.body
        if not self._is_permitted_for_peer(command_id):
            return self._refuse_unpermitted(pdu)
        if isinstance(body, EnquireLink):
            return [OctetsToSend(make_pdu(EnquireLinkResp(), sequence).encode())]
        if isinstance(body, Unbind):
            return [OctetsToSend(make_pdu(UnbindResp(), sequence).encode()), *self._end_by_unbind(by_peer=True)]
        if isinstance(body, AlertNotification):
            return [AlertReceived(body)]
        if isinstance(body, Outbind):
            return [OutbindRequested(body)]
        if isinstance(body, Bind):
            if self._bind is not None:
                return self._refuse_unpermitted(pdu)
            self._bind = (sequence, body)
            return [BindRequested(sequence, body)]
        event: Event
        if isinstance(body, DeliverSm | DataSm) and self._role is SmppRole.ESME:
            event = Delivery(sequence, body)
        elif isinstance(body, SubmitSm | DataSm | QuerySm):
            event = SubmitRequested(sequence, body)
        else:
            return self._refuse_unpermitted(pdu)
        is_kept = self._requests.keep(sequence, CommandId(command_id))
        return [event] if is_kept else self._refuse_for_now(command_id, sequence)

    def _refuse_for_now(self, command_id: int, sequence: int) -> list[Event]:
        """Refuses a request for now. This must be no final error: the SMSC would not repeat a delivery after one."""
        reason = f"{len(self._requests)} requests wait for our answers"
        refusal = self._refuse(command_id, sequence, CommandStatus.MESSAGE_QUEUE_FULL)
        return [refusal, UnexpectedPdu(command_id, sequence, CommandStatus.OK, reason)]

    def _refuse_unpermitted(self, pdu: Pdu) -> list[Event]:
        unexpected = UnexpectedPdu(pdu.command_id, pdu.sequence, pdu.status, f"not permitted when {self._peer_state}")
        if self._state is SessionState.CLOSED or pdu.command_id in _WITHOUT_RESPONSE:
            return [unexpected]
        return [self._refuse(pdu.command_id, pdu.sequence, find_refusal(self._role, pdu.command_id)), unexpected]

    def _refuse(self, command_id: int, sequence: int, status: int) -> OctetsToSend:
        return OctetsToSend(make_error_response(command_id, sequence, status).encode())

    def _take_bind(self, sequence: int) -> Bind:
        if self._bind is None or self._bind[0] != sequence:
            raise NotPermitted(f"no bind {sequence} waits for an answer")
        _, bind = self._bind
        self._bind = None
        return bind
