"""Reports: states that never go back."""

from __future__ import annotations

from itertools import permutations

import pytest

from modemd.providers.reports import ProviderInbound, ReportedState, advance

FINAL = [each for each in ReportedState if each.is_final]


def test_which_states_are_final() -> None:
    """After them nothing is asked any more."""
    assert set(ReportedState) - set(FINAL) == {"waiting", "sending", "sent"}


@pytest.mark.parametrize("before", ReportedState)
@pytest.mark.parametrize("reported", ReportedState)
def test_a_state_never_goes_back(before: ReportedState, reported: ReportedState) -> None:
    """A report that is late or repeated changes nothing, and the first final state stays."""
    after = advance(before, reported)
    assert after in (before, reported)
    assert after.rank >= before.rank
    assert advance(after, reported) is after
    if before.is_final:
        assert after is before


def test_the_order_of_reports_does_not_matter() -> None:
    """Callbacks come as they like."""
    reports = (ReportedState.WAITING, ReportedState.SENDING, ReportedState.SENT, ReportedState.DELIVERED)
    for order in permutations(reports):
        state = ReportedState.WAITING
        for reported in order:
            state = advance(state, reported)
        assert state is ReportedState.DELIVERED


def test_an_inbound_text_is_not_in_the_repr() -> None:
    """A log line with the object does not have it."""
    assert "hello" not in repr(ProviderInbound("SM1", "+33612345678", "+33700000001", "hello"))
