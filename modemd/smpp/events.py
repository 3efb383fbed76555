"""Events of a session: what happened, in order, for the program that owns the connection."""

from __future__ import annotations

from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.smpp.message_operations import AlertNotification, DataSm, DeliverSm, QuerySm, SubmitSm
from modemd.smpp.operation import CommandId, Operation
from modemd.smpp.permissions import SessionState
from modemd.smpp.session_operations import Bind, Outbind
from modemd.smpp.statuses import CommandStatus


@dataclass(frozen=True, slots=True)
class OctetsToSend:
    """Octets that the session answers or asks by itself. Write them to the connection, in the order of the events."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Bound:
    """Success of our bind. `interface_version`: the SMSC's; None if it names none, then it may not know TLVs (4.1.2)."""

    state: SessionState
    system_id: str
    interface_version: int | None


@dataclass(frozen=True, slots=True)
class BindRefused:
    """Refusal of our bind. The session is open, as before."""

    status: int


@dataclass(frozen=True, slots=True)
class BindRequested:
    """Bind that the ESME asks for. Answer it with `accept_bind` or `refuse_bind`."""

    sequence: int
    body: Bind


@dataclass(frozen=True, slots=True)
class OutbindRequested:
    """Request of the SMSC to bind as a receiver (4.1.7)."""

    body: Outbind


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """Answer to a request of ours: a message, or a query.

    `is_nack`: the answer is generic_nack. `body` is None if the answer has none, or one that cannot be read; `problem` then says
    why. The status counts all the same: a message with status 0 is taken, even if its identifier is not known.
    """

    sequence: int
    command_id: CommandId
    status: int
    body: Operation | None = None
    is_nack: bool = False
    problem: str | None = None

    @property
    def is_taken(self) -> bool:
        """True if the other side took the request; False if it surely did not."""
        return self.status == CommandStatus.OK and not self.is_nack


@dataclass(frozen=True, slots=True)
class AnsweredLate:
    """Answer to a request that was reported as unknown before. It settles what happened."""

    answer: RequestAnswered


class UnknownCause(StrEnum):
    """Reason why the fate of a request is unknown."""

    TIMEOUT = "timeout"
    LINK_LOST = "link lost"
    UNBOUND = "unbound"


@dataclass(frozen=True, slots=True)
class RequestUnknown:
    """Request of ours whose answer did not come: the other side may have taken it, or not. This is no refusal.

    After TIMEOUT and UNBOUND, :class:`AnsweredLate` can still follow; after LINK_LOST nothing can.
    """

    sequence: int
    command_id: CommandId
    cause: UnknownCause


@dataclass(frozen=True, slots=True)
class Delivery:
    """Message or receipt from the SMSC. Store it, and then answer with `acknowledge`."""

    sequence: int
    body: DeliverSm | DataSm


@dataclass(frozen=True, slots=True)
class SubmitRequested:
    """Message or query from an ESME. Answer it with `answer`."""

    sequence: int
    body: SubmitSm | DataSm | QuerySm


@dataclass(frozen=True, slots=True)
class UnreadableDelivery:
    """Message or receipt from the SMSC that cannot be read. `octets`: the whole PDU; `status`: the one that says what is wrong.

    Answer it with `acknowledge`: with OK once the octets are stored, so that the SMSC does not repeat it, or with `status`.
    """

    sequence: int
    command_id: int
    octets: bytes
    problem: str
    status: int


@dataclass(frozen=True, slots=True)
class AlertReceived:
    """Notice that a phone can be reached again. It has no answer."""

    body: AlertNotification


@dataclass(frozen=True, slots=True)
class UnexpectedPdu:
    """PDU that changes nothing: an answer that nobody awaits, a request that is not permitted now, or one that cannot be read.
    Such a request has been answered with an error, if it can be."""

    command_id: int
    sequence: int
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unbound:
    """End of the session by unbind. Close the connection, after the octets before this event are written."""

    by_peer: bool


class LossCause(StrEnum):
    """Reason why a link counts as lost."""

    CLOSED = "closed"
    SILENT = "silent"
    NOT_BOUND = "not bound in time"
    NOT_UNBOUND = "no answer to unbind"
    GARBAGE = "garbage"
    NACK_WITHOUT_SEQUENCE = "generic_nack without a sequence number"


@dataclass(frozen=True, slots=True)
class LinkLost:
    """End of the session without unbind. Close the connection. RequestUnknown for each open request comes before."""

    cause: LossCause
    detail: str = ""


Event = (
    OctetsToSend
    | Bound
    | BindRefused
    | BindRequested
    | OutbindRequested
    | RequestAnswered
    | AnsweredLate
    | RequestUnknown
    | Delivery
    | SubmitRequested
    | UnreadableDelivery
    | AlertReceived
    | UnexpectedPdu
    | Unbound
    | LinkLost
)
