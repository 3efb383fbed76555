from __future__ import annotations

import pytest

from modemd.smpp.operation import RESPONSE_BIT, CommandId
from modemd.smpp.permissions import BOUND_BY, SessionState, SmppRole, find_refusal, is_permitted

OPEN, TX, RX, TRX, UNBINDING, CLOSED = SessionState
ESME, SMSC = SmppRole

# Table 2-1 (2.3): who issues what, in which states.
TABLE = [
    ("bind_transmitter bind_receiver bind_transceiver", ESME, {OPEN}),
    ("bind_transmitter_resp bind_receiver_resp bind_transceiver_resp outbind", SMSC, {OPEN}),
    ("submit_sm query_sm", ESME, {TX, TRX}),
    ("submit_sm_resp query_sm_resp", SMSC, {TX, TRX}),
    ("deliver_sm alert_notification", SMSC, {RX, TRX}),
    ("deliver_sm_resp", ESME, {RX, TRX}),
    ("data_sm", ESME, {TX, TRX}),
    ("data_sm_resp", ESME, {RX, TRX}),
    ("data_sm", SMSC, {RX, TRX}),
    ("data_sm_resp", SMSC, {TX, TRX}),
    ("unbind unbind_resp", ESME, {TX, RX, TRX}),
    ("unbind unbind_resp", SMSC, {TX, RX, TRX}),
    # Beyond the table: before a bind, too.
    ("enquire_link enquire_link_resp generic_nack", ESME, {OPEN, TX, RX, TRX}),
    ("enquire_link enquire_link_resp generic_nack", SMSC, {OPEN, TX, RX, TRX}),
]


def permitted_states(role: SmppRole, command: CommandId) -> set[SessionState]:
    return {state for state in (OPEN, TX, RX, TRX) if is_permitted(role, state, command)}


@pytest.mark.parametrize("role", SmppRole)
@pytest.mark.parametrize("command", CommandId)
def test_pdus_are_permitted_as_in_table_2_1(role: SmppRole, command: CommandId) -> None:
    """And nothing else is."""
    rows = [states for names, issuer, states in TABLE if issuer is role and command.name.lower() in names.split()]
    assert permitted_states(role, command) == (rows[0] if rows else set())


@pytest.mark.parametrize("role", SmppRole)
def test_who_unbinds_only_ends_what_has_begun(role: SmppRole) -> None:
    """Answers, and what keeps up the session; no new messages."""
    requests = {each for each in CommandId if not each & RESPONSE_BIT and is_permitted(role, UNBINDING, each)}
    assert requests == {CommandId.UNBIND, CommandId.ENQUIRE_LINK}
    assert is_permitted(role, UNBINDING, CommandId.DELIVER_SM_RESP)


@pytest.mark.parametrize("role", SmppRole)
def test_a_closed_session_permits_nothing(role: SmppRole) -> None:
    """Not even an answer."""
    assert not any(is_permitted(role, CLOSED, command) for command in CommandId)


def test_sides_and_states() -> None:
    """Each side has the other, each bind its state."""
    assert (ESME.peer, SMSC.peer) == (SMSC, ESME)
    assert BOUND_BY == {2: TX, 1: RX, 9: TRX}


@pytest.mark.parametrize(
    ("role", "command", "status"),
    [
        (SMSC, CommandId.BIND_RECEIVER, 0x05),
        (SMSC, CommandId.SUBMIT_SM, 0x04),
        (ESME, CommandId.DELIVER_SM, 0x64),
        (ESME, CommandId.DATA_SM, 0x64),
        (ESME, CommandId.SUBMIT_SM, 0x04),
    ],
)
def test_refusals(role: SmppRole, command: CommandId, status: int) -> None:
    """A second bind is told so; a delivery that comes too early is repeated later."""
    assert find_refusal(role, command) == status
