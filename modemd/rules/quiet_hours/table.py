"""Hours table: when marketing may be sent in each country, with the source of each row, and the changes of the configuration."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources

from modemd.light_dataclass import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_KEY = "*"
"""Key of the row for countries that have none of their own."""
REGION_COUNTRIES = ("CA", "US")
"""Countries whose numbers tell the state or province."""
CLOSED = "none"
SHORTEST_MINUTES = 30
_MINUTES_A_DAY = 24 * 60
_FORM = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)", re.ASCII)


@dataclass(frozen=True, slots=True)
class DayHours:
    """Hours of one weekday, in minutes after the local midnight: from `opens` to before `closes`. Past 1440 is the next date."""

    opens: int
    closes: int

    def __str__(self) -> str:
        closes = self.closes if self.closes <= _MINUTES_A_DAY else self.closes - _MINUTES_A_DAY
        return f"{_show(self.opens)}-{_show(closes)}"


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Row of the table. `region` is empty for a whole country; `days` are Monday to Sunday, None if nothing is sent on that day.
    `changed`: the columns that the configuration sets."""

    country: str
    region: str
    days: tuple[DayHours | None, ...]
    blocks_holidays: bool
    basis: str
    source: str
    confidence: str
    notes: str
    changed: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of the row in the configuration: `FR`, `US-FL`, or `*`."""
        return f"{self.country}-{self.region}" if self.region else self.country


@dataclass(frozen=True, slots=True)
class HoursChange:
    """Change of a row by the configuration: the hours of some days, and whether public holidays are blocked (None: unchanged)."""

    days: Mapping[str, DayHours | None]
    blocks_holidays: bool | None = None


@dataclass(frozen=True, slots=True)
class HoursTable:
    """Rows by their key."""

    rows: Mapping[str, HoursRow]

    @classmethod
    def load(cls) -> HoursTable:
        """Returns the table that comes with modemd, read from hours.csv beside this module."""
        return _load()

    def change(self, changes: Mapping[str, HoursChange]) -> HoursTable:
        """Returns the table with changes by key. A key without a row gets one: it begins as the row of its country, or as the
        default."""
        rows = dict(self.rows)
        # The default first, then countries, then regions: each begins as the changed row above it.
        for key in sorted(changes, key=lambda key: (key != DEFAULT_KEY, "-" in key, key)):
            country, _, region = key.partition("-")
            base = rows.get(key) or rows.get(country) or rows[DEFAULT_KEY]
            if base.key != key:
                base = replace(
                    base, country=country, region=region, basis="configuration", source="", confidence="", notes=""
                )
            change = changes[key]
            days = tuple(change.days.get(name, day) for name, day in zip(DAYS, base.days, strict=True))
            names = (*(name for name in DAYS if name in change.days), *_holiday_column(change))
            blocks = base.blocks_holidays if change.blocks_holidays is None else change.blocks_holidays
            rows[key] = replace(base, days=days, blocks_holidays=blocks, changed=names)
        return HoursTable(rows)

    def find_rows(self, country: str, region: str) -> tuple[HoursRow, ...]:
        """Returns the rows that apply together: that of the country, or else the default, and that of the region if there is
        one."""
        own = self.rows.get(f"{country}-{region}") if region else None
        whole = self.rows.get(country) or self.rows[DEFAULT_KEY]
        return (whole,) if own is None else (whole, own)


def parse_day_hours(text: str) -> DayHours | None:
    """Returns the hours that `text` means: `09:00-18:00`, `20:00-02:00` (over midnight) or `00:00-24:00`; None for `none`.
    Raises ValueError for any other form, and for hours shorter than half an hour."""
    if text == CLOSED:
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not 09:00-18:00 or none")
    opens = int(found[1]) * 60 + int(found[2])
    closes = _MINUTES_A_DAY if found[3] is None else int(found[3]) * 60 + int(found[4])
    if opens == closes:
        raise ValueError(f"{text!r} is never open, or always; write none, or 00:00-24:00")
    if closes < opens:
        closes += _MINUTES_A_DAY
    if closes - opens < SHORTEST_MINUTES:
        raise ValueError(f"{text!r} is shorter than {SHORTEST_MINUTES} minutes")
    return DayHours(opens, closes)


def _show(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _holiday_column(change: HoursChange) -> Iterable[str]:
    return ("public_holidays",) if change.blocks_holidays is not None else ()


@cache
def _load() -> HoursTable:
    text = (resources.files("modemd.rules.quiet_hours") / "hours.csv").read_text(encoding="utf-8")
    rows = (_parse_row(row) for row in csv.DictReader(text.splitlines()))
    return HoursTable({row.key: row for row in rows})


def _parse_row(row: Mapping[str, str]) -> HoursRow:
    return HoursRow(
        row["country"],
        row["region"],
        tuple(parse_day_hours(row[day]) for day in DAYS),
        {"blocked": True, "allowed": False}[row["public_holidays"]],
        row["basis"],
        row["source"],
        row["confidence"],
        row["notes"],
    )
