"""How long work takes, by pace and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY, Lane
from modemd.rules.quotas import PartCounts, QuotaLimits, QuotaUsage
from modemd.rules.sending_time import FindSims, SendingTime, SimCapacity, Work, estimate
from modemd.rules.windows import Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTHING_USED = PartCounts()
NO_LIMITS = QuotaLimits(marketing_per_hour=None)


def sim(
    name: str = "west",
    rate: float | None = 1.0,
    limits: QuotaLimits = NO_LIMITS,
    counts: PartCounts = NOTHING_USED,
    stopped: frozenset[MessageClass] = frozenset(),
) -> SimCapacity:
    return SimCapacity(name, rate, QuotaUsage(limits, counts, NOON), stopped=stopped)


def all_of(*sims: SimCapacity) -> FindSims:
    return lambda lane, message_class: [each for each in sims if lane.is_shared or lane.home == each.sim]


def work(
    parts: int, kind: MessageClass = MessageClass.TRANSACTIONAL, lane: Lane = ANY, begins_at: datetime = NOON
) -> Work:
    return Work(lane, kind, parts, begins_at)


def minutes(found: SendingTime) -> float | None:
    return (found.ends_at - NOON).total_seconds() / 60 if found.ends_at is not None else None


@pytest.mark.parametrize(
    ("sims", "parts", "expected"),
    [
        pytest.param((sim(),), 600, 10, id="a part a second"),
        pytest.param((sim(), sim("east")), 600, 5, id="two SIMs share"),
        pytest.param((sim(rate=0.5), sim("east")), 900, 10, id="the faster one sends more"),
        pytest.param((sim(limits=QuotaLimits(hour=200, reserve=0)),), 300, 61 + 40 / 60, id="the next hour"),
        pytest.param(
            (sim(limits=QuotaLimits(hour=200, reserve=0), counts=PartCounts(hour=150)),),
            60,
            60 + 10 / 60,
            id="used before",
        ),
        pytest.param((sim(limits=QuotaLimits(hour=200, reserve=10)),), 180, 3, id="without what is kept for alarms"),
        pytest.param((sim(limits=QuotaLimits(day=100, reserve=0)),), 101, 12 * 60 + 1 / 60, id="the next day"),
        pytest.param((sim(limits=QuotaLimits(day=1, reserve=0)),), 100, None, id="months"),
        pytest.param((), 1, None, id="no SIM"),
        pytest.param((sim(stopped=frozenset(MessageClass)),), 1, None, id="paused"),
        pytest.param((sim(),), 0, 0, id="nothing"),
    ],
)
def test_work_takes_as_long_as_pace_and_limits_say(
    sims: tuple[SimCapacity, ...], parts: int, expected: float | None
) -> None:
    """The SIMs work side by side, each at its pace, until its limit holds it."""
    found = minutes(estimate([work(parts)], [], all_of(*sims), NOON))
    assert found == pytest.approx(expected, abs=0.05)


def test_marketing_is_braked_by_the_hour() -> None:
    """608 parts at 200 an hour and SIM take more than three hours with one SIM, and one with three."""
    one = [sim(limits=QuotaLimits(marketing_per_hour=200))]
    three = [sim(name, limits=QuotaLimits(marketing_per_hour=200)) for name in ("a", "b", "c")]
    parts = [work(608, MessageClass.MARKETING)]
    assert minutes(estimate(parts, [], all_of(*one), NOON)) == pytest.approx(180 + 8 / 60, abs=0.05)
    assert minutes(estimate(parts, [], all_of(*three), NOON)) == pytest.approx(60 + 8 / 60, abs=0.1)


def test_what_waits_ahead_goes_first() -> None:
    """A higher class, or the same class accepted before, goes first; a lower one does not count."""
    ahead = [work(60, MessageClass.OTP), work(60), work(6000, MessageClass.MARKETING)]
    assert minutes(estimate([work(60)], ahead, all_of(sim()), NOON)) == pytest.approx(3, abs=0.05)


def test_a_lane_of_one_sim_waits_for_it() -> None:
    """What is pinned is not sent by others."""
    pinned = Lane.of_sender("west")
    found = estimate([work(600, lane=pinned)], [], all_of(sim(), sim("east")), NOON)
    assert minutes(found) == pytest.approx(10, abs=0.05)


def test_work_for_later_begins_later() -> None:
    """The time at which it begins, and its window, are waited for."""
    later = work(60, begins_at=NOON + timedelta(hours=2, minutes=7))
    assert minutes(estimate([later], [], all_of(sim()), NOON)) == pytest.approx(128, abs=0.05)
    window = Window.parse("09:00-09:10", ZoneInfo("UTC"))
    short = Work(ANY, MessageClass.MARKETING, 900, NOON, window=window)
    assert minutes(estimate([short], [], all_of(sim()), NOON)) == pytest.approx((21 + 24) * 60 + 5, abs=0.05)


def test_what_expires_is_counted() -> None:
    """What cannot go out while it is worth sending is told, to the part."""
    short = Work(ANY, MessageClass.OTP, 600, NOON, expires_at=NOON + timedelta(minutes=5))
    found = estimate([short], [], all_of(sim()), NOON)
    assert found.expiring == pytest.approx(300, abs=2)
