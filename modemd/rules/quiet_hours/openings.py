"""Openings: the intervals in which all rows are open in all possible zones of a place, as seconds since 1970 (UTC).

The hours of a row are times of the wall clock, so an instant is inside them if the clock on the wall shows a time inside them: in
the night in which an hour is left out or repeated, too. The hours belong to the local date on which they begin. If they go on
over midnight, what is left of them is also closed if the next date is a public holiday.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from modemd.light_dataclass import dataclass
from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.table import HoursRow

DAY_S = 86400
HORIZON_DAYS = 10
"""Days for which openings are computed ahead."""
_EPOCH = date(1970, 1, 1).toordinal()
# More than any change of a zone's offset in one night.
_SLACK_S = 3 * 3600
# A zone has changes for decades in memory, some 8 KiB each.
_ZONES_KEPT = 48

Interval = tuple[int, int]


class DateStatus(IntEnum):
    """Status of a local date for a row that blocks public holidays; the later bind more."""

    WORKING = 0
    UNKNOWN = 1
    HOLIDAY = 2


@dataclass(frozen=True, slots=True)
class Openings:
    """Openings of a place in the days from `begins_at`, each as flat times: open, close, open, close.

    `known`: on dates that are no holidays; `possible`: also on dates of which that is not known; `plain`: as if there were no
    holidays. `is_long_enough`: False if the possible zones leave no opening of a useful length in all of these days."""

    known: tuple[int, ...]
    possible: tuple[int, ...]
    plain: tuple[int, ...]
    is_long_enough: bool
    ends_at: int


def find_openings(
    rows: Sequence[HoursRow], zones: Sequence[str], holidays: Holidays, country: str, day: int, shortest_s: int
) -> Openings:
    """Returns the openings in `HORIZON_DAYS` from the UTC date `day` (days since 1970) on. They are long enough if one lasts
    `shortest_s`, or as long as any zone alone allows."""
    begins_at, ends_at = day * DAY_S, (day + HORIZON_DAYS) * DAY_S
    segments = {tuple(tuple(_list_segments(row, zone, holidays, country, day)) for row in rows) for zone in zones}
    levels = []
    for status in DateStatus:
        by_zone = [
            _intersect([_merge([(a, b) for a, b, found in row if found <= status]) for row in of_zone])
            for of_zone in segments
        ]
        levels.append(_intersect(by_zone))
    # The last level leaves holidays out of account: a zone is no better known on a working day.
    alone = min(map(_find_longest, by_zone), default=0)
    is_long_enough = len(segments) > 0 and _find_longest(levels[DateStatus.HOLIDAY]) >= min(shortest_s, alone)
    known, possible, plain_flat = (_flatten(level, begins_at, ends_at) for level in levels)
    # Equal texts of openings are one object: most days are far from a holiday.
    possible = known if possible == known else possible
    plain_flat = possible if plain_flat == possible else plain_flat
    return Openings(known, possible, plain_flat, is_long_enough, ends_at)


def is_open(row: HoursRow, zone: str, holidays: Holidays, country: str, at: int) -> bool:
    """Returns whether one row is open in one zone."""
    segments = _list_segments(row, zone, holidays, country, at // DAY_S)
    return any(a <= at < b for a, b, status in segments if status is DateStatus.WORKING)


@lru_cache(maxsize=_ZONES_KEPT)
def get_zone(name: str) -> ZoneInfo:
    """Returns a time zone. ZoneInfo itself remembers only eight."""
    return ZoneInfo(name)


def _list_segments(
    row: HoursRow, zone_name: str, holidays: Holidays, country: str, day: int
) -> Iterator[tuple[int, int, DateStatus]]:
    """Returns the hours of one row in one zone, on the local dates round the horizon that begins at `day`."""
    zone = get_zone(zone_name)
    for ordinal in range(_EPOCH + day - 2, _EPOCH + day + HORIZON_DAYS + 2):
        today = date.fromordinal(ordinal)
        hours = row.days[today.weekday()]
        if hours is None:
            continue
        midnight = (ordinal - _EPOCH) * DAY_S
        status = _find_status(row, holidays, country, today)
        opens, closes = midnight + hours.opens * 60, midnight + hours.closes * 60
        next_midnight = midnight + DAY_S
        for a, b in _find_instants(zone, opens, min(closes, next_midnight)):
            yield a, b, status
        if closes > next_midnight:
            worse = max(status, _find_status(row, holidays, country, today + timedelta(days=1)))
            for a, b in _find_instants(zone, next_midnight, closes):
                yield a, b, worse


def _find_status(row: HoursRow, holidays: Holidays, country: str, day: date) -> DateStatus:
    if not row.blocks_holidays or not country:  # a place of no country has no holidays that could be known
        return DateStatus.WORKING
    if holidays.find_name(country, row.region, day) is not None:
        return DateStatus.HOLIDAY
    return DateStatus.WORKING if holidays.is_known(country, row.region, day) else DateStatus.UNKNOWN


def _find_instants(zone: ZoneInfo, opens: int, closes: int) -> list[Interval]:
    """Returns when the clock on the wall shows a time from `opens` to before `closes`, given as if the wall were in UTC. Two
    intervals are possible in the night of a change."""
    guess = _find_offset(zone, opens)
    start, end = opens - guess - _SLACK_S, closes - guess + _SLACK_S
    before, after = _find_offset(zone, start), _find_offset(zone, end)
    if before == after:
        return [(opens - before, closes - before)]
    change = _find_change(zone, start, end, before)
    found = ((opens - before, min(closes - before, change)), (max(opens - after, change), closes - after))
    return [(a, b) for a, b in found if a < b]


def _find_change(zone: ZoneInfo, start: int, end: int, before: int) -> int:
    """Returns the first second after `start`, until `end`, at which the offset is not `before`."""
    while end - start > 1:
        middle = (start + end) // 2
        if _find_offset(zone, middle) == before:
            start = middle
        else:
            end = middle
    return end


def _find_offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if offset is None else offset.days * DAY_S + offset.seconds


def _merge(intervals: list[Interval]) -> list[Interval]:
    """Returns intervals in order; those that touch are one."""
    merged: list[Interval] = []
    for a, b in sorted(intervals):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged


def _intersect(sets: list[list[Interval]]) -> list[Interval]:
    if not sets:
        return []
    common, *others = sets
    for other in others:
        found, i, j = [], 0, 0
        while i < len(common) and j < len(other):
            a, b = max(common[i][0], other[j][0]), min(common[i][1], other[j][1])
            if a < b:
                found.append((a, b))
            if common[i][1] < other[j][1]:
                i += 1
            else:
                j += 1
        common = found
    return common


def _find_longest(intervals: list[Interval]) -> int:
    return max((b - a for a, b in intervals), default=0)


def _flatten(intervals: list[Interval], begins_at: int, ends_at: int) -> tuple[int, ...]:
    """Returns the intervals that lie at least partly between two times, one number after the other."""
    kept = (each for each in intervals if each[1] > begins_at and each[0] < ends_at)
    return tuple(at for a, b in kept for at in (a, min(b, ends_at)))
