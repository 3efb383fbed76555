"""Caps on marketing to one number: sliding windows over the times of messages."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.consent.caps import CapHold, FrequencyCap, FrequencyCaps

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEFAULT = FrequencyCaps()


def ago(**duration: float) -> datetime:
    return NOW - timedelta(**duration)


def until(hold: CapHold | None) -> datetime | None:
    return hold.until if hold is not None else None


@pytest.mark.parametrize(
    ("sent_at", "free_at"),
    [
        pytest.param([], None, id="nothing was sent"),
        pytest.param([ago(hours=20)], None, id="20 h ago"),
        pytest.param([ago(hours=19, minutes=59)], NOW + timedelta(minutes=1), id="a minute less than 20 h ago"),
        pytest.param([ago(days=6)], None, id="one in the week"),
        pytest.param([ago(days=6), ago(days=2)], NOW + timedelta(days=1), id="two in the week"),
        pytest.param([ago(days=2), ago(days=6)], NOW + timedelta(days=1), id="in any order"),
        pytest.param([ago(days=7), ago(days=2)], None, id="the first is a week old"),
        pytest.param([ago(days=6), ago(hours=1)], NOW + timedelta(days=1), id="both caps: the later end"),
        pytest.param([ago(days=6, hours=23), ago(hours=1)], NOW + timedelta(hours=19), id="both caps: the other end"),
        pytest.param([ago(days=3), ago(days=2), ago(days=1)], NOW + timedelta(days=5), id="more than the cap"),
        pytest.param([ago(hours=-2)], NOW + timedelta(hours=22), id="the clock was set back"),
    ],
)
def test_two_a_week_and_one_in_twenty_hours(sent_at: list[datetime], free_at: datetime | None) -> None:
    """The default: what is over is held until both caps let it go."""
    assert until(DEFAULT.find_hold(sent_at, NOW)) == free_at


def test_a_hold_says_which_cap() -> None:
    """With its code, and a sentence for a person."""
    hold = DEFAULT.find_hold([ago(days=6), ago(days=2)], NOW)
    assert hold is not None
    assert hold.reason == "frequency_cap"
    assert hold.because == "its number got 2 marketing messages in the last 7d, the most that consent.caps allows"
    hold = DEFAULT.find_hold([ago(minutes=1)], NOW)
    assert hold is not None
    assert hold.because.startswith("its number got 1 marketing message in the last 20h,")


def test_without_a_cap_nothing_is_held() -> None:
    """An empty list in the configuration switches the caps off."""
    none = FrequencyCaps(())
    assert none.longest == timedelta(0)
    assert none.find_hold([NOW] * 1000, NOW) is None


def test_the_caps_say_how_far_back_they_look() -> None:
    """So that no older time need be read."""
    assert DEFAULT.longest == timedelta(days=7)


@pytest.mark.parametrize(("count", "per"), [(0, timedelta(days=1)), (-1, timedelta(days=1)), (1, timedelta(0))])
def test_a_cap_lets_something_pass(count: int, per: timedelta) -> None:
    """A cap of no messages would hold them for ever."""
    with pytest.raises(ValueError, match="name at least 1 message, and a duration"):
        FrequencyCap(count, per)


@pytest.mark.parametrize(
    ("per", "text"),
    [
        (timedelta(days=7), "3 per 7d"), (timedelta(hours=20), "3 per 20h"), (timedelta(minutes=90), "3 per 90min"),
        (timedelta(seconds=5), "3 per 5s"), (timedelta(seconds=0.5), "3 per 0.5s"),
    ],
)  # fmt: skip
def test_a_cap_reads_as_it_is_written(per: timedelta, text: str) -> None:
    """In the units of the configuration."""
    assert str(FrequencyCap(3, per)) == text


def breaks_a_cap(caps: FrequencyCaps, sent_at: Sequence[datetime]) -> bool:
    """Judge by the meaning: in some window that ends with a message, there are more than the cap."""
    return any(
        sum(1 for other in sent_at if end - cap.per < other <= end) > cap.count for cap in caps.caps for end in sent_at
    )


@pytest.mark.parametrize("seed", range(200))
def test_a_message_goes_as_soon_as_no_window_is_over(seed: int) -> None:
    """Against a search minute by minute: held while it would break a cap, and not a minute longer."""
    rng = random.Random(seed)
    caps = FrequencyCaps(
        tuple(FrequencyCap(rng.randint(1, 4), timedelta(minutes=rng.randint(1, 90))) for _ in range(rng.randint(0, 3)))
    )
    sent_at: list[datetime] = []
    for minute in sorted(rng.choices(range(300), k=rng.randint(0, 30))):
        if not breaks_a_cap(caps, [*sent_at, at := NOW - timedelta(minutes=minute)]):
            sent_at.append(at)
    rng.shuffle(sent_at)
    free = next(
        now
        for now in (NOW + timedelta(minutes=minute) for minute in range(200))
        if not breaks_a_cap(caps, [*sent_at, now])
    )
    assert until(caps.find_hold(sent_at, NOW)) == (free if free > NOW else None)


@pytest.mark.parametrize("seed", range(20))
def test_who_obeys_the_holds_never_breaks_a_cap(seed: int) -> None:
    """A flood of messages over weeks: each goes when its hold ends, none waits twice for the same hold, and no window is over."""
    rng = random.Random(seed)
    sent_at: list[datetime] = []
    now = NOW
    for _ in range(60):
        now += timedelta(hours=rng.choice((0, 0, 1, 30)), seconds=rng.randint(0, 5))
        if (hold := DEFAULT.find_hold(sent_at, now)) is not None:
            assert now < hold.until <= now + DEFAULT.longest
            now = hold.until
            assert DEFAULT.find_hold(sent_at, now) is None
        sent_at.append(now)
    assert not breaks_a_cap(DEFAULT, sent_at)
