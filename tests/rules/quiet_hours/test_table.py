"""The table of hours, and its changes."""

from __future__ import annotations

import pytest

from modemd.rules.geography.time_zones import list_country_names
from modemd.rules.quiet_hours.table import DayHours, HoursChange, HoursTable, parse_day_hours


def test_shipped_table_says_where_each_row_comes_from() -> None:
    """Every row has a basis, a source and a confidence of the known ones, hours for seven days, and a country that exists."""
    rows = HoursTable.load().rows
    assert len(rows) == 65
    for key, row in rows.items():
        assert row.key == key
        assert row.basis in {"law", "operator", "analogy", "practice", "default"}
        assert row.confidence in {"high", "medium", "low", "n/a"}
        assert row.source
        assert len(row.days) == 7
        assert row.country == "*" or row.country in list_country_names()
    assert [rows[key].confidence for key in ("US", "US-FL", "IN", "ZA", "AE", "KR")] == ["high"] * 6


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-18:00", DayHours(540, 1080)),
        ("20:00-02:00", DayHours(1200, 1560)),
        ("00:00-24:00", DayHours(0, 1440)),
        ("23:30-00:00", DayHours(1410, 1440)),
        ("none", None),
    ],
)
def test_hours_of_a_day(text: str, hours: DayHours | None) -> None:
    """Hours are two times, over midnight if they end before they begin."""
    assert parse_day_hours(text) == hours


@pytest.mark.parametrize(
    "text",
    ["", "9:00-18:00", "09:00", "09:00-25:00", "24:00-09:00", "09:00-09:00", "09:00-09:20", "closed", "09:00–18:00"],
)
def test_other_forms_are_refused(text: str) -> None:
    """What is no time, or never open, is refused."""
    with pytest.raises(ValueError, match=r"09:00-18:00 or none|never open|shorter"):
        parse_day_hours(text)


def test_change_leaves_the_other_days() -> None:
    """A change of one day leaves the others and the source, and says what it changed."""
    row = HoursTable.load().change({"FR": HoursChange({"sat": None})}).rows["FR"]
    assert (row.days[5], row.days[0]) == (None, DayHours(480, 1200))
    assert (row.changed, row.blocks_holidays, row.basis) == (("sat",), True, "operator")


def test_new_row_begins_as_the_one_above_it() -> None:
    """A region without a row begins with the changed hours of its country; a country with the changed default."""
    changes = {
        "US-GA": HoursChange({"sun": None}),
        "US": HoursChange({"mon": DayHours(600, 660)}),
        "MA": HoursChange({}, False),
        "*": HoursChange({"mon": DayHours(720, 780)}),
    }
    rows = HoursTable.load().change(changes).rows
    assert (rows["US-GA"].days[0], rows["US-GA"].days[6]) == (DayHours(600, 660), None)
    assert (rows["MA"].days[0], rows["MA"].blocks_holidays) == (DayHours(720, 780), False)
    assert (rows["US-GA"].basis, rows["MA"].country, rows["MA"].region) == ("configuration", "MA", "")


def test_rows_of_a_place() -> None:
    """The country's row counts, with the region's if there is one; else the default."""
    table = HoursTable.load()
    assert [row.key for row in table.find_rows("US", "FL")] == ["US", "US-FL"]
    assert [row.key for row in table.find_rows("US", "GA")] == ["US"]
    assert [row.key for row in table.find_rows("MA", "")] == ["*"]
