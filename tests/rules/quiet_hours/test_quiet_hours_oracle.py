"""Quiet hours beside a second opinion that looks at the clock on every wall, five minutes by five minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.quiet_hours.table import HoursChange, HoursTable, parse_day_hours

STEP = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=8)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Case:
    """A country, a number there, the zones that the number can be in, and the hours by weekday (Monday first), as the law of the
    table has them: written down here by hand. `around`: dates of changes to summer time, and of holidays."""

    country: str
    number: str
    zones: tuple[str, ...]
    hours: tuple[str, ...]
    around: tuple[str, ...]
    holidays: tuple[str, ...] = ()
    changed: bool = False
    days: frozenset[date] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", frozenset(map(date.fromisoformat, self.holidays)))

    def is_open(self, now: datetime) -> bool:
        """The time on every wall lies inside the hours of its date, or of the night before, and the date is no holiday."""
        return all(self.is_open_on_the_wall(now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for zone in self.zones)

    def is_open_on_the_wall(self, wall: datetime) -> bool:
        if wall.date() in self.days:
            return False
        return any(
            opens <= wall < closes and opens.date() not in self.days
            for opens, closes in self.list_hours(wall.date() - timedelta(days=1), wall.date())
        )

    def list_hours(self, *dates: date) -> Iterator[tuple[datetime, datetime]]:
        for each in dates:
            text = self.hours[each.weekday()]
            if text != "none":
                begins, ends = text.split("-")
                midnight = datetime(each.year, each.month, each.day)
                opens, closes = (midnight + timedelta(hours=int(t[:2]), minutes=int(t[3:])) for t in (begins, ends))
                yield opens, closes if closes > opens else closes + timedelta(days=1)

    def quiet_hours(self) -> QuietHours:
        table = HoursTable.load()
        if self.changed:
            days = {name: parse_day_hours(text) for name, text in zip(WEEKDAYS, self.hours, strict=True)}
            table = table.change({self.country: HoursChange(days, True)})
        known = [(self.country, region, year) for region in ("", "AL") for year in (2025, 2026, 2027)]
        named = [(self.country, region, day, "holiday") for region in ("", "AL") for day in self.days]
        return QuietHours(table, Holidays.build(known, named, {}))


def week(working: str, saturday: str, sunday: str = "none") -> tuple[str, ...]:
    return (*(working,) * 5, saturday, sunday)


CASES = (
    Case(
        "FR", "+33612345678", ("Europe/Paris",), week("08:00-20:00", "10:00-19:00"),
        ("2026-03-29", "2026-10-25", "2026-07-14", "2026-05-08", "2027-01-01"),
        ("2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25", "2026-07-14", "2026-11-01", "2026-12-25",
         "2027-01-01"),
    ),
    Case(
        "US", "+12083456789", ("America/Boise", "America/Los_Angeles"), ("08:00-21:00",) * 7,
        ("2026-03-08", "2026-11-01", "2026-07-04"),
    ),
    Case(
        "US", "+12055550123", ("America/Chicago",), week("08:00-20:00", "08:00-20:00"),
        ("2026-03-08", "2026-11-01", "2026-07-04"), ("2026-07-04", "2026-11-11", "2026-04-27"),
    ),
    Case(
        "GB", "+447400123456", ("Europe/London",), week("08:00-20:00", "09:00-20:00", "10:00-18:00"),
        ("2026-03-29", "2026-10-25", "2026-12-25"),
    ),
    Case(
        "ES", "+34612345678", ("Europe/Madrid", "Atlantic/Canary"), week("09:00-21:00", "none"),
        ("2026-03-29", "2026-10-25", "2026-10-12"), ("2026-10-12", "2026-11-02", "2026-12-08"),
    ),
    Case(
        "AU", "+61412345678",
        ("Australia/Lord_Howe", "Australia/Sydney", "Australia/Adelaide", "Australia/Brisbane", "Australia/Eucla",
         "Australia/Perth"),
        week("09:00-20:00", "09:00-17:00"), ("2026-04-05", "2026-10-04", "2026-01-26"),
        ("2026-01-26", "2026-04-03", "2026-04-06", "2026-10-05"),
    ),
    Case(
        "IL", "+972501234567", ("Asia/Jerusalem",),
        (*("09:00-19:00",) * 4, "09:00-13:00", "none", "09:00-19:00"), ("2026-03-27", "2026-10-25", "2026-09-13"),
        ("2026-09-12", "2026-09-13", "2026-09-21", "2026-04-02"),
    ),
    Case(
        # Its clocks change at midnight: a date begins at 01:00, or lasts an hour longer.
        "CL", "+56221234567", ("America/Santiago",), week("09:00-20:00", "10:00-19:00"),
        ("2026-04-04", "2026-09-06"), ("2026-09-18", "2026-04-03"),
    ),
    Case("IN", "+919812345678", ("Asia/Kolkata",), ("10:00-21:00",) * 7, ("2026-01-26",)),
    Case(
        "ZA", "+27821234567", ("Africa/Johannesburg",), week("08:00-20:00", "09:00-13:00"), ("2026-04-27",),
        ("2026-04-27", "2026-04-03", "2026-05-01"),
    ),
    # Hours in the very hours that are left out or repeated, and over midnight.
    Case(
        "FR", "+33612345678", ("Europe/Paris",), ("02:30-05:00", "22:00-02:30", "none", "23:30-01:15", "20:00-04:00",
        "00:00-24:00", "02:10-02:50"), ("2026-03-29", "2026-10-25", "2026-07-14"), ("2026-07-14", "2026-10-26"), True,
    ),
    Case(
        "CL", "+56221234567", ("America/Santiago",), ("22:00-02:00",) * 5 + ("23:30-00:30", "00:30-06:00"),
        ("2026-04-04", "2026-09-06"), ("2026-04-05", "2026-09-06"), True,
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("case", "around"),
    [
        pytest.param(case, day, id=f"{index} {case.country} {day}")
        for index, case in enumerate(CASES)
        for day in case.around
    ],
)
def test_every_five_minutes_the_rule_and_the_wall_agree(case: Case, around: str) -> None:
    """Over 14 days, a message may start if and only if every clock on a wall shows an allowed time; and whoever is held is
    told a later time, at which it is open, or which leads to a later one, within eight days."""
    quiet = case.quiet_hours()
    start = datetime.fromisoformat(around).replace(tzinfo=UTC) - timedelta(days=7)
    openings: dict[datetime, datetime] = {}
    seen = set()
    for count in range(14 * 24 * 12):
        now = start + count * STEP
        hold = quiet.find_hold(case.number, now, 0)  # no parts: no time is needed before the closing
        assert (hold is None) is case.is_open(now), now
        seen.add(hold is None)
        if hold is not None:
            assert hold.until is not None
            assert hold.until > now
            if hold.until not in openings:
                openings[hold.until] = follow(quiet, case, hold.until)
            assert openings[hold.until] - now <= LONGEST_WAIT
    assert seen == {True, False}


def follow(quiet: QuietHours, case: Case, until: datetime) -> datetime:
    """When it is open at last, from one time that was told to the next."""
    while (hold := quiet.find_hold(case.number, until, 0)) is not None:
        assert hold.until is not None
        assert hold.until > until
        until = hold.until
    assert case.is_open(until)
    return until
