"""The tables of states: what is in them, what is not, and how a message follows from its parts."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules import states
from modemd.rules.states import (
    FINAL_MESSAGES,
    FINAL_PARTS,
    HAS_LEFT,
    TRANSITIONS,
    MessageState,
    PartEvent,
    PartState,
    StateError,
    derive_message_state,
)

PAIRS = list(product(PartState, PartEvent))


@pytest.mark.parametrize(("state", "event"), [pytest.param(*pair, id=f"{pair[0]}, {pair[1]}") for pair in PAIRS])
def test_every_pair_is_in_the_table_or_an_error(state: PartState, event: PartEvent) -> None:
    """A pair that the table does not have is an error that names state and event; it never passes silently."""
    if (state, event) in TRANSITIONS:
        assert states.find_next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(StateError, match=f"a part that is {state} cannot be {event}"):
            states.find_next_state(state, event)


def test_nothing_leads_out_of_a_final_state() -> None:
    """A part that is final stays as it is; but a failed one is put back if its refusal turns out to be its SIM's."""
    leaving = [pair for pair in TRANSITIONS if pair[0] in FINAL_PARTS]
    assert leaving == [(PartState.FAILED, PartEvent.PUT_BACK)]


def test_every_state_can_be_reached() -> None:
    """From held and queued, where a part begins, events lead to every other state."""
    reached = {PartState.HELD, PartState.QUEUED}
    while more := {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached:
        reached |= more
    assert reached == set(PartState)


def test_every_event_happens_to_some_state() -> None:
    """No event is listed that the table never uses."""
    assert {event for _, event in TRANSITIONS} == set(PartEvent)


def test_a_part_is_only_sending_after_a_claim() -> None:
    """The one way onto the air is a claim."""
    assert {pair for pair, after in TRANSITIONS.items() if after is PartState.SENDING} == {
        (PartState.QUEUED, PartEvent.CLAIMED)
    }


def test_what_is_on_the_air_cannot_be_cancelled_or_expire() -> None:
    """Cancelling and expiry reach what waits only: what was claimed has an outcome of its own."""
    stopped = {state for state, event in TRANSITIONS if event in (PartEvent.CANCELLED, PartEvent.EXPIRED)}
    assert stopped == {PartState.HELD, PartState.QUEUED}


def test_a_person_settles_what_is_unknown_and_nothing_else() -> None:
    """Sent waits for its report as ever; not sent is final."""
    settled = {
        pair: after
        for pair, after in TRANSITIONS.items()
        if pair[1] in (PartEvent.SETTLED_SENT, PartEvent.SETTLED_NOT_SENT)
    }
    assert settled == {
        (PartState.UNKNOWN, PartEvent.SETTLED_SENT): PartState.SENT,
        (PartState.UNKNOWN, PartEvent.SETTLED_NOT_SENT): PartState.FAILED,
    }


def test_refused_messages_have_no_parts() -> None:
    """Every state of a message but `refused` is the state of some part."""
    assert {state.value for state in MessageState} - {state.value for state in PartState} == {"refused"}


def test_final_messages_are_final_parts_and_refused() -> None:
    """A message and its part agree on what is final; `sent` and `unknown` close without being so."""
    assert {state.value for state in FINAL_MESSAGES} == {state.value for state in FINAL_PARTS} | {"refused"}
    assert {state.value for state in states.CLOSABLE_MESSAGES} == {"sent", "unknown"}
    assert not states.CLOSABLE_MESSAGES & FINAL_MESSAGES


@pytest.mark.parametrize(
    ("parts", "tried", "message"),
    [
        pytest.param([PartState.QUEUED, PartState.QUEUED], False, MessageState.QUEUED, id="nothing claimed yet"),
        pytest.param([PartState.QUEUED], True, MessageState.SENDING, id="waiting for another try"),
        pytest.param([PartState.SENDING, PartState.QUEUED], True, MessageState.SENDING, id="on the air"),
        pytest.param([PartState.SENT, PartState.QUEUED], True, MessageState.SENDING, id="between two parts"),
        pytest.param(
            [PartState.UNKNOWN, PartState.SENDING],
            True,
            MessageState.SENDING,
            id="an unknown part does not stop the others",
        ),
        pytest.param([PartState.HELD, PartState.HELD], False, MessageState.HELD, id="scheduled"),
        pytest.param([PartState.SENT, PartState.HELD], True, MessageState.HELD, id="the rest is backing off"),
        pytest.param([PartState.SENT, PartState.CANCELLED], True, MessageState.CANCELLED, id="STOP in the middle"),
        pytest.param([PartState.EXPIRED, PartState.EXPIRED], False, MessageState.EXPIRED, id="expired"),
        pytest.param([PartState.SENT, PartState.UNKNOWN], True, MessageState.UNKNOWN, id="one unknown"),
        pytest.param(
            [PartState.FAILED, PartState.UNKNOWN], True, MessageState.UNKNOWN, id="unknown goes before failed"
        ),
        pytest.param([PartState.SENT, PartState.FAILED], True, MessageState.FAILED, id="one failed"),
        pytest.param(
            [PartState.DELIVERED, PartState.UNDELIVERED], True, MessageState.UNDELIVERED, id="one undelivered"
        ),
        pytest.param([PartState.DELIVERED, PartState.SENT], True, MessageState.SENT, id="a report is missing"),
        pytest.param([PartState.SENT], True, MessageState.SENT, id="sent"),
        pytest.param([PartState.DELIVERED, PartState.DELIVERED], True, MessageState.DELIVERED, id="all delivered"),
    ],
)
def test_a_message_follows_from_its_parts(parts: list[PartState], tried: bool, message: MessageState) -> None:
    """The state of a message says the worst that is known of its parts, and that it is under way while any part is."""
    assert derive_message_state(parts, tried=tried) is message


@given(st.lists(st.sampled_from(PartState), min_size=1), st.booleans())
def test_every_mix_of_parts_has_a_state(parts: list[PartState], tried: bool) -> None:
    """Whatever the parts, the message has one state; it is `delivered` only if all of them are, and their order is nothing."""
    state = derive_message_state(parts, tried=tried)
    assert derive_message_state(sorted(parts, reverse=True), tried=tried) is state
    assert (state is MessageState.DELIVERED) == (set(parts) == {PartState.DELIVERED})
    if PartState.SENDING in parts:
        assert state is MessageState.SENDING
    if state is MessageState.SENT:
        assert set(parts) <= HAS_LEFT


@given(st.lists(st.sampled_from(PartState), min_size=1))
def test_a_message_is_not_final_while_a_part_may_still_go_out(parts: list[PartState]) -> None:
    """While a part is held, queued or on the air, its message is not final."""
    if {PartState.HELD, PartState.QUEUED, PartState.SENDING} & set(parts):
        assert derive_message_state(parts, tried=True) not in FINAL_MESSAGES
