"""The kinds of the change feed, and the patterns that choose some."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.rules.changes.kinds import EventKind, check_patterns, find_kinds
from modemd.rules.states import MessageState


@pytest.mark.parametrize(
    ("patterns", "kinds"),
    [
        pytest.param(["alarm.*"], {EventKind.ALARM_RAISED, EventKind.ALARM_CLEARED}, id="a subject"),
        pytest.param(["message.sent", "inbox.received"], {"message.sent", "inbox.received"}, id="single kinds"),
        pytest.param(["*"], set(EventKind), id="every one"),
        pytest.param(["mess*"], set(), id="no pattern of ours"),
    ],
)
def test_patterns_choose_kinds(patterns: list[str], kinds: set[str]) -> None:
    """A kind, a subject, or all."""
    assert find_kinds(patterns) == kinds


@pytest.mark.parametrize("patterns", [[], ["message"], ["message.*", "messages.*"], [""]])
def test_a_pattern_that_chooses_nothing_is_refused(patterns: list[str]) -> None:
    """A subscription that is written wrong would never tell anything."""
    with pytest.raises(Refused) as refused:
        check_patterns(patterns)
    assert refused.value.code == "bad_kind"


def test_patterns_are_taken_once() -> None:
    """As they were written, without blanks."""
    assert check_patterns([" alarm.* ", "alarm.*", "message.sent"]) == ("alarm.*", "message.sent")


def test_every_state_of_a_message_has_its_kind() -> None:
    """No change of state is silent."""
    assert {f"message.{state}" for state in MessageState} <= set(EventKind)
