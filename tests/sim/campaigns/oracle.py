"""Judge of quiet hours that shares nothing with modemd's own: the shipped table read here, `zoneinfo`, and a clock on a wall."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from tests.sim.campaigns.countries import People

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Change:
    """Change of a row by a reload: from when on which hours count on a weekday."""

    since: datetime
    row: str
    weekday: int
    hours: str


@cache
def _rows() -> dict[str, dict[str, str]]:
    text = resources.files("modemd.rules.quiet_hours").joinpath("hours.csv").read_text(encoding="utf-8")
    return {"-".join(filter(None, (row["country"], row["region"]))): row for row in csv.DictReader(text.splitlines())}


@dataclass(slots=True)
class HoursOracle:
    """Oracle for one country's holidays. `changes` has the reloads, in order of time."""

    holidays: Collection[date]
    changes: list[Change] = field(default_factory=list)

    def is_open(self, people: People, at: datetime) -> bool:
        """Returns whether marketing may reach these people now: in every zone, by every row."""
        return all(self._is_open_at(row, at, zone) for zone in people.zones for row in people.rows)

    def _is_open_at(self, row: str, at: datetime, zone: str) -> bool:
        wall = at.astimezone(ZoneInfo(zone))
        minute, today = wall.hour * 60 + wall.minute, wall.date()
        yesterday = today - timedelta(days=1)
        for day, minutes in ((today, minute), (yesterday, minute + 1440)):
            hours = self._hours(row, day.weekday(), at)
            if hours is not None and hours[0] <= minutes < hours[1]:
                is_blocking = _rows()[row]["public_holidays"] == "blocked"
                return not (is_blocking and (today in self.holidays or day in self.holidays))
        return False

    def _hours(self, row: str, weekday: int, at: datetime) -> tuple[int, int] | None:
        text = _rows()[row][WEEKDAYS[weekday]]
        for change in self.changes:
            if change.row == row and change.weekday == weekday and change.since <= at:
                text = change.hours
        if text == "none":
            return None
        opens, closes = (int(each[:2]) * 60 + int(each[3:]) for each in text.split("-"))
        return opens, closes if closes > opens else closes + 1440
