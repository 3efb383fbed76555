"""States of a session, and the PDUs that each side may issue in each of them (2.2, table 2-1 in 2.3)."""

from __future__ import annotations

from enum import StrEnum

from modemd.errors import ModemdError
from modemd.smpp.operation import CommandId
from modemd.smpp.statuses import CommandStatus


class NotPermitted(ModemdError):
    """Call that the state of the session does not permit; nothing was sent."""


class SmppRole(StrEnum):
    """Side of a session."""

    ESME = "esme"
    SMSC = "smsc"

    @property
    def peer(self) -> SmppRole:
        """The other side."""
        return SmppRole.SMSC if self is SmppRole.ESME else SmppRole.ESME


class SessionState(StrEnum):
    """State of a session (2.2). UNBINDING is ours: no new requests, but answers are still awaited and given."""

    OPEN = "open"
    BOUND_TRANSMITTER = "bound transmitter"
    BOUND_RECEIVER = "bound receiver"
    BOUND_TRANSCEIVER = "bound transceiver"
    UNBINDING = "unbinding"
    CLOSED = "closed"


BOUND_BY: dict[int, SessionState] = {
    CommandId.BIND_TRANSMITTER: SessionState.BOUND_TRANSMITTER,
    CommandId.BIND_RECEIVER: SessionState.BOUND_RECEIVER,
    CommandId.BIND_TRANSCEIVER: SessionState.BOUND_TRANSCEIVER,
}
"""State after each bind."""

_C = CommandId
# enquire_link before a bind: table 2-1 has it only when bound, SMPP 5.0 also before, and to answer it harms nobody.
_ALWAYS = frozenset({_C.ENQUIRE_LINK, _C.ENQUIRE_LINK_RESP, _C.GENERIC_NACK})
_BOUND = _ALWAYS | {_C.UNBIND, _C.UNBIND_RESP}
_RESPONSES = frozenset({_C.SUBMIT_SM_RESP, _C.DELIVER_SM_RESP, _C.DATA_SM_RESP, _C.QUERY_SM_RESP})
_SUBMITS = frozenset({_C.SUBMIT_SM, _C.DATA_SM, _C.QUERY_SM})
_SUBMIT_RESPONSES = frozenset({_C.SUBMIT_SM_RESP, _C.DATA_SM_RESP, _C.QUERY_SM_RESP})
_DELIVERIES = frozenset({_C.DELIVER_SM, _C.DATA_SM, _C.ALERT_NOTIFICATION})
_DELIVERY_RESPONSES = frozenset({_C.DELIVER_SM_RESP, _C.DATA_SM_RESP})

_ISSUED_BY_ESME: dict[SessionState, frozenset[CommandId]] = {
    SessionState.OPEN: _ALWAYS | {_C.BIND_TRANSMITTER, _C.BIND_RECEIVER, _C.BIND_TRANSCEIVER},
    SessionState.BOUND_TRANSMITTER: _BOUND | _SUBMITS,
    SessionState.BOUND_RECEIVER: _BOUND | _DELIVERY_RESPONSES,
    SessionState.BOUND_TRANSCEIVER: _BOUND | _SUBMITS | _DELIVERY_RESPONSES,
    SessionState.UNBINDING: _BOUND | _RESPONSES,
    SessionState.CLOSED: frozenset(),
}
_ISSUED_BY_SMSC: dict[SessionState, frozenset[CommandId]] = {
    SessionState.OPEN: _ALWAYS
    | {_C.BIND_TRANSMITTER_RESP, _C.BIND_RECEIVER_RESP, _C.BIND_TRANSCEIVER_RESP, _C.OUTBIND},
    SessionState.BOUND_TRANSMITTER: _BOUND | _SUBMIT_RESPONSES,
    SessionState.BOUND_RECEIVER: _BOUND | _DELIVERIES,
    SessionState.BOUND_TRANSCEIVER: _BOUND | _SUBMIT_RESPONSES | _DELIVERIES,
    SessionState.UNBINDING: _BOUND | _RESPONSES,
    SessionState.CLOSED: frozenset(),
}


def is_permitted(issuer: SmppRole, state: SessionState, command_id: int) -> bool:
    """Returns whether a side may issue a PDU in a state."""
    table = _ISSUED_BY_ESME if issuer is SmppRole.ESME else _ISSUED_BY_SMSC
    return command_id in table[state]


def find_refusal(role: SmppRole, command_id: int) -> CommandStatus:
    """Returns the status with which a side answers a request that the peer may not issue now."""
    if role is SmppRole.SMSC and command_id in BOUND_BY:
        return CommandStatus.ALREADY_BOUND
    if role is SmppRole.ESME and command_id in _DELIVERIES:
        return CommandStatus.TEMPORARY_APPLICATION_ERROR  # after a final error the SMSC could drop the message
    return CommandStatus.INVALID_BIND_STATUS
