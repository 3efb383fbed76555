"""Public holidays by country and subdivision."""

from __future__ import annotations

from datetime import date

from modemd.rules.quiet_hours.holidays import OWN_CLOSING, HolidayChanges, Holidays

MAY_1, MAY_8, JULY_14 = date(2026, 5, 1), date(2026, 5, 8), date(2026, 7, 14)
ROWS = [("FR", "", JULY_14, "Bastille Day"), ("FR", "", MAY_8, "Victory Day"), ("DE", "", MAY_1, "Labor Day")]


def test_dates_by_country() -> None:
    """Each country has its own dates, in the years that were computed."""
    known = Holidays.build([("FR", "", 2026), ("DE", "", 2026)], ROWS, {})
    assert known.find_name("FR", "", JULY_14) == "Bastille Day"
    assert known.find_name("DE", "", JULY_14) is None
    assert known.is_known("FR", "", MAY_1)
    assert not known.is_known("FR", "", date(2027, 5, 1))
    assert not known.is_known("ES", "", MAY_1)


def test_dates_of_a_year_that_is_not_covered_do_not_count() -> None:
    """Rows without their year are what an interrupted work left: they say nothing."""
    assert Holidays.build([], ROWS, {}).find_name("FR", "", JULY_14) is None


def test_configured_dates_count_first() -> None:
    """What the configuration adds is a holiday, and what it removes is none, in any year."""
    changes = {"FR": HolidayChanges(frozenset({date(2030, 1, 2)}), frozenset({MAY_8}))}
    known = Holidays.build([("FR", "", 2026)], ROWS, changes)
    assert known.find_name("FR", "", date(2030, 1, 2)) == OWN_CLOSING
    assert known.is_known("FR", "", date(2030, 1, 2))
    assert known.find_name("FR", "", MAY_8) is None
