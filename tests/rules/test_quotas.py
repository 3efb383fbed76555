"""Windows, ceilings, the reserve, the brake and the curve of a new SIM."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.quotas import (
    Hold,
    PartCounts,
    Period,
    QuotaLimits,
    QuotaUsage,
    choose_window,
    find_window_end,
    find_window_start,
)

PARIS = ZoneInfo("Europe/Paris")
KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 22, 12, 20, 5, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "zone", "now", "first", "last"),
    [
        pytest.param(Period.HOUR, UTC, NOW, "2026-11-22T12:00", "2026-11-22T13:00", id="an hour"),
        pytest.param(Period.HOUR, KOLKATA, NOW, "2026-11-22T11:30", "2026-11-22T12:30", id="an hour at half past"),
        pytest.param(Period.DAY, PARIS, NOW, "2026-11-21T23:00", "2026-11-22T23:00", id="a day"),
        pytest.param(
            Period.DAY, PARIS, utc("2026-10-25T12:00"), "2026-10-24T22:00", "2026-10-25T23:00", id="a day of 25 hours"
        ),
        pytest.param(
            Period.DAY, PARIS, utc("2026-03-29T12:00"), "2026-03-28T23:00", "2026-03-29T22:00", id="a day of 23 hours"
        ),
        pytest.param(
            Period.HOUR, PARIS, utc("2026-10-25T01:30"), "2026-10-25T01:00", "2026-10-25T02:00", id="02:30 again"
        ),
        pytest.param(Period.MONTH, PARIS, NOW, "2026-10-31T23:00", "2026-11-30T23:00", id="a month"),
        pytest.param(
            Period.MONTH, UTC, utc("2026-12-31T23:59"), "2026-12-01T00:00", "2027-01-01T00:00", id="the last month"
        ),
    ],
)  # fmt: skip
def test_windows_are_of_the_sims_zone(period: Period, zone: ZoneInfo, now: datetime, first: str, last: str) -> None:
    """Hours, days and months begin by the SIM's own clock, whatever summer time does to their length."""
    assert (find_window_start(period, now, zone), find_window_end(period, now, zone)) == (utc(first), utc(last))


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize("period", Period)
def test_every_moment_of_a_window_has_one_beginning(period: Period, zone: str) -> None:
    """By a clock of the zone that counts back from each moment, also on the nights when it is changed."""
    own = ZoneInfo(zone)
    for night in ("2026-03-08", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01"):
        for minute in range(0, 24 * 60, 7):
            now = utc(night) + timedelta(minutes=minute, seconds=59, microseconds=999_999)
            local = now.astimezone(own)
            back = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
            expected = {Period.HOUR: now - back, Period.DAY: midnight, Period.MONTH: midnight.replace(day=1)}[period]
            assert find_window_start(period, now, own) == expected.astimezone(UTC)


@pytest.mark.parametrize("period", Period)
def test_a_window_ends_where_the_next_begins(period: Period) -> None:
    """No moment is in two windows or in none, through a year with both changes of the clock."""
    at = utc("2026-01-01T00:00")
    while at < utc("2027-01-01T00:00"):
        last = find_window_end(period, at, PARIS)
        assert find_window_start(period, at, PARIS) <= at < last
        assert find_window_start(period, last, PARIS) == last
        at = last


def hold(
    limits: QuotaLimits, message_class: MessageClass = MessageClass.TRANSACTIONAL, parts: int = 1, **used: Any
) -> object:
    found = QuotaUsage(limits, PartCounts(**used), NOW).find_hold(message_class, parts)
    return (found.reason, found.until) if found is not None else None


def test_a_quota_holds_until_its_window_ends() -> None:
    """What would go over the day's quota waits for midnight; of two that are reached, the later end counts."""
    limits = QuotaLimits(hour=10, day=20, reserve=0)
    assert hold(limits, hour=9, day=19) is None
    assert hold(limits, hour=10, day=19) == ("quota_hour", utc("2026-11-22T13:00"))
    assert hold(limits, hour=10, day=20) == ("quota_day", utc("2026-11-23T00:00"))


def test_a_message_of_several_parts_must_fit_whole() -> None:
    """Three parts do not begin where two are left; one that no window could ever hold begins with an unused one."""
    limits = QuotaLimits(hour=10, reserve=0)
    assert hold(limits, parts=3, hour=8) == ("quota_hour", utc("2026-11-22T13:00"))
    assert hold(limits, parts=3, hour=7) is None
    assert hold(limits, parts=11, hour=0) is None
    assert hold(limits, parts=11, hour=1) is not None


@pytest.mark.parametrize("urgent", [MessageClass.ALARM, MessageClass.OTP])
def test_a_share_is_kept_for_alarm_and_otp(urgent: MessageClass) -> None:
    """The last tenth of a quota is theirs; they too end with the whole."""
    limits = QuotaLimits(day=100)
    assert hold(limits, day=89) is None
    assert hold(limits, day=90) is not None
    assert hold(limits, urgent, day=99) is None
    assert hold(limits, urgent, day=100) == ("quota_day", utc("2026-11-23T00:00"))


@pytest.mark.parametrize("used", [0, 1, 9, 10, 20])
@pytest.mark.parametrize(
    "limits",
    [
        QuotaLimits(),
        QuotaLimits(hour=10),
        QuotaLimits(hour=10, day=20, month=21, marketing_per_hour=1),
        QuotaLimits(marketing_per_hour=10, warm_up=(5, 9)),
    ],
)
def test_the_classes_that_must_wait_are_told_at_once(limits: QuotaLimits, used: int) -> None:
    """Of each class what `hold` says of one part; in the order of the classes."""
    standing = QuotaUsage(limits, PartCounts(used, used, used, used, NOW), NOW)
    each = {message_class: standing.find_hold(message_class) for message_class in MessageClass}
    assert list(standing.find_holds().items()) == [(name, hold) for name, hold in each.items() if hold is not None]


def test_marketing_has_a_brake_of_its_own() -> None:
    """So many marketing parts an hour; other classes go on."""
    limits = QuotaLimits(marketing_per_hour=200)
    assert hold(limits, MessageClass.MARKETING, hour=500, marketing=199) is None
    assert hold(limits, MessageClass.MARKETING, hour=500, marketing=200) == ("marketing_brake", utc("2026-11-22T13:00"))
    assert hold(limits, MessageClass.CONVERSATIONAL, hour=500, marketing=200) is None


@pytest.mark.parametrize(("days", "most"), [(0, 20), (1, 40), (2, 80), (3, None)])
def test_a_new_sim_warms_up(days: int, most: int | None) -> None:
    """On each of its first days, by its own calendar, a SIM sends what the curve says, then what it likes; alarms at once."""
    limits = QuotaLimits(warm_up=(20, 40, 80), zone=PARIS)
    met = utc("2026-11-22T22:59") - timedelta(days=days)
    standing = QuotaUsage(limits, PartCounts(day=80, first_seen=met), NOW)
    assert standing.warm_up_limit == most
    found = standing.find_hold(MessageClass.TRANSACTIONAL)
    assert (found is not None) == (most is not None)
    assert standing.find_hold(MessageClass.ALARM) is None


def test_held_messages_fill_one_window_after_the_other() -> None:
    """Each gets the first window with room for it, also one that became free; one that is longer than a window gets one of its
    own."""
    first = utc("2026-11-22T09:00:00Z")
    hold = Hold("quota_hour", first, Period.HOUR, 10)
    booked: dict[datetime, int] = {}
    windows = []
    for parts in (4, 6, 1, 12, 1):
        until = choose_window(hold, booked, parts, UTC)
        booked[until] = booked.get(until, 0) + parts
        windows.append((int((until - first) / timedelta(hours=1)), booked[until]))
    assert windows == [(0, 4), (0, 10), (1, 1), (2, 12), (1, 2)]
    booked[first] -= 6  # cancelled
    assert choose_window(hold, booked, 6, UTC) == first
    later = Hold("quota_hour", first + timedelta(hours=9), Period.HOUR, 10)
    assert choose_window(later, booked, 3, UTC) == later.until
    assert choose_window(Hold("quota_hour", first, Period.HOUR, 0), {}, 2, UTC) == first
