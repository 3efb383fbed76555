"""What the alarm says about words of consent that were not answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modemd.clock import Clock
from modemd.service.consent.unanswered_words import UnansweredWords


class HandClock(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_the_evidence_names_limits_senders_and_messages(clock: HandClock) -> None:
    """How many by which limit, the prefixes and numbers with the most, masked; it fits into an SMS of two parts."""
    words = UnansweredWords(clock)
    assert words.find_evidence() is None
    for index in range(7):
        words.note("prefix_limit", "+33612345678" if index < 4 else f"+3361239900{index}", 10 + index)
    words.note("hour_limit", "+33700000001", 17)
    evidence = words.find_evidence()
    assert evidence == (
        "8 words of consent were obeyed but not answered (limit 7 per prefix, 1 per hour); most from +33612... 7, "
        "+33700... 1; from +336…78 4, +336…04 1; see the inbox, messages 10 to 17: somebody may be sending them to run up costs"
    )
    assert len(evidence) < 290


def test_the_evidence_ends_an_hour_after_the_last_word(clock: HandClock) -> None:
    """And the next one begins anew."""
    words = UnansweredWords(clock)
    words.note("number_limit", "+33612345678", 1)
    clock.at += timedelta(minutes=50)
    words.note("number_limit", "+33612345678", 2)
    clock.at += timedelta(hours=1)
    assert (words.find_evidence() or "").startswith(
        "2 words of consent were obeyed but not answered (limit 2 per number)"
    )
    clock.at += timedelta(seconds=1)
    assert words.find_evidence() is None
    words.note("hour_limit", "+33612345678", 9)
    evidence = words.find_evidence() or ""
    assert evidence.startswith("1 word of consent was obeyed but not answered (limit 1 per hour)")
    assert "messages 9 to 9" in evidence


def test_strangers_do_not_fill_the_memory(clock: HandClock) -> None:
    """Of ten thousand senders a thousand are counted; all words are."""
    words = UnansweredWords(clock)
    for index in range(10_000):
        words.note("hour_limit", f"+336{index:08d}", index)
    assert (words.find_evidence() or "").startswith("10000 words")
    assert len(words._numbers) == 1000
