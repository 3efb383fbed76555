"""Public holidays: stores and reads them by country, subdivision and year."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from modemd.light_dataclass import dataclass
from modemd.rules.quiet_hours.holidays import HolidayList, Holidays
from modemd.store.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """Holidays of one year in a country or subdivision (empty: the whole country). `is_known`: False if the list of holidays does
    not know the place; an unknown subdivision then has the days of its country, an unknown country has none."""

    country: str
    subdivision: str
    year: int
    days: Mapping[date, str]
    is_known: bool
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class StoredHolidays:
    """Every stored holiday, in little memory: the lists by country and subdivision, and when each year was computed, by country,
    subdivision and year."""

    lists: Mapping[tuple[str, str], HolidayList]
    computed_at: Mapping[tuple[str, str, int], datetime]


NO_HOLIDAYS = StoredHolidays({}, {})


def read_holidays(db: sqlite3.Connection) -> StoredHolidays:
    """Returns every stored holiday."""
    rows = db.execute("SELECT country, subdivision, year, computed_at FROM holiday").fetchall()
    moments = {text: from_text(text) for text in {row["computed_at"] for row in rows}}
    computed_at = {(row["country"], row["subdivision"], row["year"]): moments[row["computed_at"]] for row in rows}
    days = (
        (row["country"], row["subdivision"], date.fromisoformat(day), name)
        for row in db.execute("SELECT country, subdivision, days FROM holiday")
        for day, name in json.loads(row["days"]).items()
    )
    return StoredHolidays(Holidays.build(computed_at, days, {}).lists, computed_at)


def list_years(db: sqlite3.Connection) -> list[HolidayYear]:
    """Returns every stored year."""
    rows = db.execute("SELECT * FROM holiday ORDER BY country, subdivision, year")
    return [
        HolidayYear(
            row["country"],
            row["subdivision"],
            row["year"],
            {date.fromisoformat(day): name for day, name in json.loads(row["days"]).items()},
            bool(row["known"]),
            from_text(row["computed_at"]),
        )
        for row in rows
    ]


def store_years(db: sqlite3.Connection, years: Iterable[HolidayYear]) -> None:
    """Stores years in the place of those that were there, and deletes those that are over for more than a year."""
    oldest = 0
    for each in years:
        days = json.dumps({day.isoformat(): name for day, name in each.days.items()}, ensure_ascii=False)
        values = (each.country, each.subdivision, each.year, days, each.is_known, to_text(each.computed_at))
        db.execute("INSERT OR REPLACE INTO holiday VALUES (?, ?, ?, ?, ?, ?)", values)
        oldest = max(oldest, each.computed_at.year - 1)
    db.execute("DELETE FROM holiday WHERE year < ?", (oldest,))
