"""Public holidays: dates by country and subdivision, for the years that were computed, with the changes of the configuration."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date
from sys import intern

from modemd.light_dataclass import dataclass

OWN_CLOSING = "a date that the configuration adds"


@dataclass(frozen=True, slots=True)
class HolidayChanges:
    """Changes for one country: dates that count as holidays, dates that do not, and the subdivision whose holidays apply."""

    added: frozenset[date] = frozenset()
    removed: frozenset[date] = frozenset()
    subdivision: str = ""


@dataclass(frozen=True, slots=True)
class HolidayList:
    """Holidays of one country or subdivision: the years that it covers, its dates in order (as ordinals), and their names."""

    years: frozenset[int]
    ordinals: tuple[int, ...]
    names: tuple[str, ...]

    def find_name(self, ordinal: int) -> str | None:
        """Returns the name of the holiday on a date; None if it is none."""
        index = bisect_left(self.ordinals, ordinal)
        is_found = index < len(self.ordinals) and self.ordinals[index] == ordinal
        return self.names[index] if is_found else None


@dataclass(frozen=True, slots=True, eq=False)
class Holidays:
    """Holidays of all countries; equal only to itself. Keys of `lists`: country and subdivision, empty for the whole country."""

    lists: Mapping[tuple[str, str], HolidayList] = field(default_factory=dict)
    changes: Mapping[str, HolidayChanges] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        years: Iterable[tuple[str, str, int]],
        days: Iterable[tuple[str, str, date, str]],
        changes: Mapping[str, HolidayChanges],
    ) -> Holidays:
        """Returns the holidays out of rows: (country, subdivision, covered year), and (country, subdivision, date, name)."""
        covered: dict[tuple[str, str], set[int]] = {}
        for country, subdivision, year in years:
            covered.setdefault((country, subdivision), set()).add(year)
        named: dict[tuple[str, str], dict[int, str]] = {key: {} for key in covered}
        # Equal numbers and sets are one object each: 250 countries have much in common.
        ordinals: dict[int, int] = {}
        year_sets: dict[frozenset[int], frozenset[int]] = {}
        for country, subdivision, day, name in days:
            if (country, subdivision) in named:
                ordinal = day.toordinal()
                named[country, subdivision][ordinals.setdefault(ordinal, ordinal)] = intern(name)
        lists = {
            (intern(key[0]), intern(key[1])): HolidayList(
                year_sets.setdefault(found := frozenset(covered[key]), found),
                tuple(sorted(named[key])),
                tuple(named[key][each] for each in sorted(named[key])),
            )
            for key in covered
        }
        return cls(lists, changes)

    def is_known(self, country: str, region: str, day: date) -> bool:
        """Returns whether it is known if a date is a holiday: its year is covered, or the configuration names the date."""
        change = self.changes.get(country)
        if change is not None and (day in change.added or day in change.removed):
            return True
        return self._find_list(country, region, day.year) is not None

    def find_name(self, country: str, region: str, day: date) -> str | None:
        """Returns the name of the holiday on a date; None if it is none, or is not known."""
        change = self.changes.get(country)
        if change is not None and day in change.added:
            return OWN_CLOSING
        if change is not None and day in change.removed:
            return None
        found = self._find_list(country, region, day.year)
        return None if found is None else found.find_name(day.toordinal())

    def find_subdivision(self, country: str, region: str) -> str:
        """Returns the part of a country whose holidays apply: the region, or else the configured one; empty for the whole."""
        change = self.changes.get(country)
        return region or (change.subdivision if change is not None else "")

    def _find_list(self, country: str, region: str, year: int) -> HolidayList | None:
        """Returns the list of the region, or else of the configured subdivision, or else of the country; None if the year is not
        in it. There is no way back to a list with fewer dates: a missing one must not look like a working day."""
        found = self.lists.get((country, self.find_subdivision(country, region)))
        return found if found is not None and year in found.years else None
