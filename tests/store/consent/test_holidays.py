"""Stored public holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from modemd.store.consent import holidays
from modemd.store.consent.holidays import HolidayYear
from tests.store.bench import Bench

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FRANCE = HolidayYear("FR", "", 2026, {date(2026, 7, 14): "Fête nationale"}, True, NOW)


def test_years_come_back_as_they_were_stored(bench: Bench) -> None:
    """What is stored is read, by country, subdivision and year."""
    moselle = replace(FRANCE, subdivision="57", days={date(2026, 4, 3): "Good Friday"}, is_known=False)
    holidays.store_years(bench.db, [moselle, FRANCE])
    assert holidays.list_years(bench.db) == [FRANCE, moselle]


def test_lists_are_read_for_the_rule(bench: Bench) -> None:
    """The rule gets the dates by country and subdivision, and the daemon learns when each year was computed."""
    holidays.store_years(bench.db, [FRANCE, replace(FRANCE, year=2027, days={})])
    stored = holidays.read_holidays(bench.db)
    french = stored.lists["FR", ""]
    assert (french.years, french.find_name(date(2026, 7, 14).toordinal())) == (
        frozenset({2026, 2027}),
        "Fête nationale",
    )
    assert stored.computed_at == {("FR", "", 2026): NOW, ("FR", "", 2027): NOW}


def test_newer_list_takes_the_place_of_the_older(bench: Bench) -> None:
    """A holiday that was moved is not a holiday twice."""
    moved = replace(FRANCE, days={date(2026, 7, 15): "Fête nationale"})
    holidays.store_years(bench.db, [FRANCE])
    holidays.store_years(bench.db, [moved])
    assert holidays.list_years(bench.db) == [moved]


def test_years_that_are_long_over_are_deleted(bench: Bench) -> None:
    """Last year is kept, and none before it."""
    holidays.store_years(bench.db, [replace(FRANCE, year=year) for year in (2024, 2025, 2026)])
    assert [each.year for each in holidays.list_years(bench.db)] == [2025, 2026]
