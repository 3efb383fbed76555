"""Quiet hours: decides whether marketing to a number is held now, why, and until when. Pure: the time goes in.

A number can be in several time zones, and several rows can apply (that of the country, that of the state). Marketing goes out
only while all rows are open in all of these zones. If the zones leave no opening of a useful length, it goes by the zone that the
administrator chose for the country, or it is held for a person to decide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache, partial
from zoneinfo import ZoneInfo

import phonenumbers

from modemd.light_dataclass import dataclass
from modemd.rules.geography.time_zones import find_country_of_zone
from modemd.rules.quiet_hours import wording
from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.openings import DAY_S, HORIZON_DAYS, Openings, find_openings
from modemd.rules.quiet_hours.table import DEFAULT_KEY, HoursRow, HoursTable
from modemd.rules.quiet_hours.zones import CONTIGUOUS_US, NOWHERE, Place, find_country_place, find_place
from modemd.rules.windows import SECONDS_PER_PART

SHORTEST_OPENING = timedelta(hours=3)
HOLIDAYS_RETRY = timedelta(hours=1)
"""How long marketing is held each time if the public holidays of the year are not known."""
# A campaign over the whole world meets some 300 places, on two dates.
_OPENINGS_KEPT = 400
_SENTENCES_KEPT = 128


class QuietReason(StrEnum):
    """Reason for which marketing is held."""

    QUIET_HOURS = "quiet_hours"
    PUBLIC_HOLIDAY = "public_holiday"
    ZONE_UNKNOWN = "zone_unknown"
    HOLIDAYS_UNKNOWN = "holidays_unknown"


@dataclass(frozen=True, slots=True)
class QuietHold:
    """Hold of a marketing message. `until`: when to decide again; None if only a change of the configuration helps, so that the
    message waits until its validity ends. `because`: one sentence for a person."""

    reason: QuietReason
    until: datetime | None
    because: str


@dataclass(frozen=True, eq=False)
class QuietHours:
    """Quiet hours of all countries. Immutable: a change of the configuration or of the holidays makes a new object.

    `fallback_zones`: by country, the zone that counts if the possible zones leave no opening as long as `shortest`.
    `is_strict_in_us`: numbers of the United States can be in any of its contiguous zones. `home`: the country for numbers of no
    country, such as short codes; empty if there is none."""

    table: HoursTable
    holidays: Holidays
    fallback_zones: Mapping[str, str] = field(default_factory=dict)
    shortest: timedelta = SHORTEST_OPENING
    is_strict_in_us: bool = False
    home: str = ""
    is_enabled: bool = True
    _find_openings: Callable[[Place, int], tuple[Openings, Place]] = field(init=False, repr=False)

    _list_holiday_places: Callable[[], frozenset[tuple[str, str]]] = field(init=False, repr=False)
    _explain: Callable[[tuple[HoursRow, ...], Place, int, datetime, str], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        explain = partial(wording.explain_hold, self.holidays)
        object.__setattr__(self, "_explain", lru_cache(maxsize=_SENTENCES_KEPT)(explain))
        object.__setattr__(self, "_find_openings", lru_cache(maxsize=_OPENINGS_KEPT)(self._compute_openings))
        object.__setattr__(self, "_list_holiday_places", cache(self._compute_holiday_places))

    def find_hold(
        self, number: str, now: datetime, parts: int = 1, *, zone: ZoneInfo | None = None
    ) -> QuietHold | None:
        """Returns why marketing of so many parts to `number` is held now, and until when; None if it may start. `zone`: where the
        recipient is known to be."""
        if not self.is_enabled:
            return None
        at = now.timestamp()
        openings, place = self._find_openings(self.find_place(number, zone), int(at // DAY_S))
        index = bisect_right(openings.known, at)
        if index % 2 and at + SECONDS_PER_PART * parts <= openings.known[index] and openings.is_long_enough:
            return None
        return self._make_hold(openings, place, now, at)

    def find_closing(self, number: str, now: datetime, *, zone: ZoneInfo | None = None) -> datetime | None:
        """Returns when the opening that `now` lies in ends, in UTC; None if it lies in none. An opening without an end
        is said to end with the days that are computed ahead."""
        at = now.timestamp()
        if not self.is_enabled:
            return now + timedelta(days=HORIZON_DAYS)
        openings, _ = self._find_openings(self.find_place(number, zone), int(at // DAY_S))
        index = bisect_right(openings.known, at)
        return _to_datetime(openings.known[index]) if index % 2 and openings.is_long_enough else None

    def find_place(self, number: str, zone: ZoneInfo | None = None) -> Place:
        """Returns the country, region and possible zones of a number, by these settings."""
        place = find_place(number)
        if place is NOWHERE and self.home:
            place = find_country_place(self.home)
        if zone is not None:
            return Place(place.country or find_country_of_zone(zone.key), place.region, (zone.key,))
        if self.is_strict_in_us and place.country == "US":
            return Place(place.country, place.region, tuple(dict.fromkeys((*place.zones, *CONTIGUOUS_US))))
        return place

    def find_rows(self, place: Place) -> tuple[HoursRow, ...]:
        """Returns the rows that apply together at a place."""
        return self.table.find_rows(place.country, place.region)

    def list_holiday_places(self) -> frozenset[tuple[str, str]]:
        """Returns the countries and subdivisions (empty: the whole country) whose public holidays have to be known."""
        return self._list_holiday_places()

    def _compute_holiday_places(self) -> frozenset[tuple[str, str]]:
        blocking = [row for row in self.table.rows.values() if row.blocks_holidays]
        found = {(row.country, row.region) for row in blocking if row.country != DEFAULT_KEY}
        if any(row.country == DEFAULT_KEY for row in blocking):
            found |= {(country, "") for country in phonenumbers.SUPPORTED_REGIONS if country not in self.table.rows}
        return frozenset((country, self.holidays.find_subdivision(country, region)) for country, region in found)

    def find_zones(self, place: Place, now: datetime) -> tuple[str, ...]:
        """Returns the zones that count at a place: the possible ones, or the configured one if they leave no opening."""
        return self._find_openings(place, int(now.timestamp() // DAY_S))[1].zones

    def _compute_openings(self, place: Place, day: int) -> tuple[Openings, Place]:
        """Returns the openings of a place from a UTC date on, and the place with the zones that were counted."""
        rows, shortest_s = self.find_rows(place), int(self.shortest.total_seconds())
        found = find_openings(rows, place.zones, self.holidays, place.country, day, shortest_s)
        fallback = self.fallback_zones.get(place.country)
        if found.is_long_enough or fallback is None:
            return found, place
        place = Place(place.country, place.region, (fallback,))
        return find_openings(rows, place.zones, self.holidays, place.country, day, shortest_s), place

    def _make_hold(self, openings: Openings, place: Place, now: datetime, at: float) -> QuietHold:
        rows = self.find_rows(place)
        if not openings.is_long_enough:
            return QuietHold(QuietReason.ZONE_UNKNOWN, None, wording.explain_unknown_zone(rows, place, self.shortest))
        until = _to_datetime(_find_opening(openings.possible, at) or openings.ends_at)
        reason = QuietReason.QUIET_HOURS
        if bisect_right(openings.known, at) % 2 == 0:
            if bisect_right(openings.possible, at) % 2:
                reason, until = QuietReason.HOLIDAYS_UNKNOWN, now + HOLIDAYS_RETRY
            elif bisect_right(openings.plain, at) % 2:
                reason = QuietReason.PUBLIC_HOLIDAY
        return QuietHold(reason, until, self._explain(rows, place, int(at) // 60 * 60, until, reason))


def _find_opening(flat: tuple[int, ...], at: float) -> int | None:
    """Returns the first opening after a time."""
    index = bisect_right(flat, at)
    index += index % 2
    return flat[index] if index < len(flat) else None


def _to_datetime(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
