"""Openings at the level of intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime

from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.openings import DAY_S, HORIZON_DAYS, find_openings, is_open
from modemd.rules.quiet_hours.table import HoursTable

DAY = (date(2026, 7, 14) - date(1970, 1, 1)).days


def test_three_readings_of_the_calendar() -> None:
    """A holiday closes the known and the possible openings; an unknown year only the known ones."""
    rows = (HoursTable.load().rows["FR"],)
    known = Holidays.build([("FR", "", 2026)], [("FR", "", date(2026, 7, 14), "Bastille Day")], {})
    found = find_openings(rows, ("Europe/Paris",), known, "FR", DAY, 0)
    assert (len(found.plain) - len(found.known), found.possible) == (2, found.known)
    unknown = find_openings(rows, ("Europe/Paris",), Holidays(), "FR", DAY, 0)
    assert (unknown.known, unknown.possible) == ((), found.plain)


def test_openings_lie_within_the_days_ahead() -> None:
    """Openings go on from before the first date's midnight if they do, and end with the last."""
    rows = (HoursTable.load().rows["KZ"],)
    found = find_openings(rows, ("Asia/Almaty",), Holidays(), "KZ", DAY, 0)
    assert list(found.known) == sorted(found.known)
    assert len(found.known) == 2 * HORIZON_DAYS
    assert found.ends_at == (DAY + HORIZON_DAYS) * DAY_S


def test_no_zones_are_not_enough() -> None:
    """Without any possible zone nothing is open, and that is a matter of zones."""
    found = find_openings((HoursTable.load().rows["FR"],), (), Holidays(), "FR", DAY, 0)
    assert (found.known, found.is_long_enough) == ((), False)


def test_one_row_in_one_zone() -> None:
    """A single row tells whether it is open in a single zone."""
    row = HoursTable.load().rows["GB"]
    noon, night = (int(datetime(2026, 7, 14, hour, tzinfo=UTC).timestamp()) for hour in (12, 23))
    assert is_open(row, "Europe/London", Holidays(), "GB", noon)
    assert not is_open(row, "Europe/London", Holidays(), "GB", night)
