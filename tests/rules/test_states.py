"""The tables of states: what is in them, what is not, and how a message follows from its parts."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules import states
from modemd.rules.states import FINAL_MESSAGES, FINAL_PARTS, LEFT, NEXT, Event, Message, Part, StateError, message_state

PAIRS = list(product(Part, Event))


@pytest.mark.parametrize(("state", "event"), [pytest.param(*pair, id=f"{pair[0]}, {pair[1]}") for pair in PAIRS])
def test_every_pair_is_in_the_table_or_an_error(state: Part, event: Event) -> None:
    """A pair that the table does not have is an error that names state and event; it never passes silently."""
    if (state, event) in NEXT:
        assert states.after(state, event) is NEXT[state, event]
    else:
        with pytest.raises(StateError, match=f"a part that is {state} cannot be {event}"):
            states.after(state, event)


def test_nothing_leads_out_of_a_final_state() -> None:
    """A part that is final stays as it is."""
    assert [pair for pair in NEXT if pair[0] in FINAL_PARTS] == []


def test_every_state_can_be_reached() -> None:
    """From held and queued, where a part begins, events lead to every other state."""
    reached = {Part.HELD, Part.QUEUED}
    while more := {after for (before, _), after in NEXT.items() if before in reached} - reached:
        reached |= more
    assert reached == set(Part)


def test_every_event_happens_to_some_state() -> None:
    """No event is listed that the table never uses."""
    assert {event for _, event in NEXT} == set(Event)


def test_a_part_is_only_sending_after_a_claim() -> None:
    """The one way onto the air is a claim."""
    assert {pair for pair, after in NEXT.items() if after is Part.SENDING} == {(Part.QUEUED, Event.CLAIMED)}


def test_what_is_on_the_air_cannot_be_cancelled_or_expire() -> None:
    """Cancelling and expiry reach what waits only: what was claimed has an outcome of its own."""
    stopped = {state for state, event in NEXT if event in (Event.CANCELLED, Event.EXPIRED)}
    assert stopped == {Part.HELD, Part.QUEUED}


def test_a_person_settles_what_is_unknown_and_nothing_else() -> None:
    """Sent waits for its report as ever; not sent is final."""
    settled = {pair: after for pair, after in NEXT.items() if pair[1] in (Event.SETTLED_SENT, Event.SETTLED_NOT_SENT)}
    assert settled == {
        (Part.UNKNOWN, Event.SETTLED_SENT): Part.SENT,
        (Part.UNKNOWN, Event.SETTLED_NOT_SENT): Part.FAILED,
    }


def test_refused_messages_have_no_parts() -> None:
    """Every state of a message but `refused` is the state of some part."""
    assert {state.value for state in Message} - {state.value for state in Part} == {"refused"}


def test_final_messages_are_final_parts_and_refused() -> None:
    """A message and its part agree on what is final; `sent` and `unknown` close without being so."""
    assert {state.value for state in FINAL_MESSAGES} == {state.value for state in FINAL_PARTS} | {"refused"}
    assert {state.value for state in states.CLOSING} == {"sent", "unknown"}
    assert not states.CLOSING & FINAL_MESSAGES


@pytest.mark.parametrize(
    ("parts", "tried", "message"),
    [
        pytest.param([Part.QUEUED, Part.QUEUED], False, Message.QUEUED, id="nothing claimed yet"),
        pytest.param([Part.QUEUED], True, Message.SENDING, id="waiting for another try"),
        pytest.param([Part.SENDING, Part.QUEUED], True, Message.SENDING, id="on the air"),
        pytest.param([Part.SENT, Part.QUEUED], True, Message.SENDING, id="between two parts"),
        pytest.param(
            [Part.UNKNOWN, Part.SENDING], True, Message.SENDING, id="an unknown part does not stop the others"
        ),
        pytest.param([Part.HELD, Part.HELD], False, Message.HELD, id="scheduled"),
        pytest.param([Part.SENT, Part.HELD], True, Message.HELD, id="the rest is backing off"),
        pytest.param([Part.SENT, Part.CANCELLED], True, Message.CANCELLED, id="STOP in the middle"),
        pytest.param([Part.EXPIRED, Part.EXPIRED], False, Message.EXPIRED, id="expired"),
        pytest.param([Part.SENT, Part.UNKNOWN], True, Message.UNKNOWN, id="one unknown"),
        pytest.param([Part.FAILED, Part.UNKNOWN], True, Message.UNKNOWN, id="unknown goes before failed"),
        pytest.param([Part.SENT, Part.FAILED], True, Message.FAILED, id="one failed"),
        pytest.param([Part.DELIVERED, Part.UNDELIVERED], True, Message.UNDELIVERED, id="one undelivered"),
        pytest.param([Part.DELIVERED, Part.SENT], True, Message.SENT, id="a report is missing"),
        pytest.param([Part.SENT], True, Message.SENT, id="sent"),
        pytest.param([Part.DELIVERED, Part.DELIVERED], True, Message.DELIVERED, id="all delivered"),
    ],
)
def test_a_message_follows_from_its_parts(parts: list[Part], tried: bool, message: Message) -> None:
    """The state of a message says the worst that is known of its parts, and that it is under way while any part is."""
    assert message_state(parts, tried=tried) is message


@given(st.lists(st.sampled_from(Part), min_size=1), st.booleans())
def test_every_mix_of_parts_has_a_state(parts: list[Part], tried: bool) -> None:
    """Whatever the parts, the message has one state; it is `delivered` only if all of them are, and their order is nothing."""
    state = message_state(parts, tried=tried)
    assert message_state(sorted(parts, reverse=True), tried=tried) is state
    assert (state is Message.DELIVERED) == (set(parts) == {Part.DELIVERED})
    if Part.SENDING in parts:
        assert state is Message.SENDING
    if state is Message.SENT:
        assert set(parts) <= LEFT


@given(st.lists(st.sampled_from(Part), min_size=1))
def test_a_message_is_not_final_while_a_part_may_still_go_out(parts: list[Part]) -> None:
    """While a part is held, queued or on the air, its message is not final."""
    if {Part.HELD, Part.QUEUED, Part.SENDING} & set(parts):
        assert message_state(parts, tried=True) not in FINAL_MESSAGES
