"""The states of a contact on a list, and what counts as a confirmation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from modemd.rules.consent.double_opt_in import (
    TRANSITIONS,
    OptInError,
    OptInEvent,
    SentRequest,
    find_next_state,
    is_confirmation,
)
from modemd.rules.consent.policy import Marketing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("state", "event"), list(product(Marketing, OptInEvent)))
def test_what_is_not_in_the_table_is_an_error(state: Marketing, event: OptInEvent) -> None:
    """It names the state and the event."""
    if (state, event) in TRANSITIONS:
        assert find_next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(OptInError, match=f"{state}.*{event}"):
            find_next_state(state, event)


def test_no_request_leads_out_of_an_opt_out() -> None:
    """Only the contact's own word, or a proof of later consent, does."""
    leaving = {
        event for (state, event), after in TRANSITIONS.items() if state is Marketing.OPTED_OUT and after is not state
    }
    assert leaving == {OptInEvent.JOINED, OptInEvent.RETURNED, OptInEvent.RECORDED}


def test_an_opt_out_is_possible_from_every_state() -> None:
    """Nothing that was asked or said before stands against it."""
    assert {find_next_state(state, OptInEvent.OPTED_OUT) for state in Marketing} == {Marketing.OPTED_OUT}


def test_only_who_was_asked_can_confirm() -> None:
    """YES from anybody else is no consent."""
    assert [state for state, event in TRANSITIONS if event is OptInEvent.CONFIRMED] == [Marketing.PENDING]


@pytest.mark.parametrize(
    ("sim", "said", "counts"),
    [
        pytest.param("west", timedelta(seconds=5), True, id="afterwards"),
        pytest.param("west", timedelta(), True, id="in the same second, which is all that a stamp says"),
        pytest.param("west", -timedelta(seconds=1), False, id="before"),
        pytest.param("east", timedelta(seconds=5), False, id="to another SIM"),
    ],
)
def test_a_confirmation_answers_the_sim_that_asked(sim: str, said: timedelta, counts: bool) -> None:
    """And it was said after the request had left."""
    sent = [SentRequest("west", NOON + timedelta(milliseconds=700))]
    assert is_confirmation(sent, sim, NOON + said) is counts


def test_a_request_that_has_not_left_is_confirmed_by_nothing() -> None:
    """Nobody can have read it."""
    assert not is_confirmation([], "west", NOON)
