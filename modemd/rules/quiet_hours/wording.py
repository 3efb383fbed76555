"""Wording of quiet hours: the sentences that tell a person which hours apply, what time it is there, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby

from modemd.rules.geography.time_zones import list_country_names
from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.openings import get_zone, is_open
from modemd.rules.quiet_hours.table import HoursRow
from modemd.rules.quiet_hours.zones import Place

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MOST_ZONES = 3


def explain_hold(
    holidays: Holidays, rows: tuple[HoursRow, ...], place: Place, at: int, until: datetime, reason: str
) -> str:
    """Returns why marketing is held: the hours, the local time, and when it goes on."""
    closed = next(_find_closed(rows, place, holidays, at), None)
    row, zone = closed or (rows[0], place.zones[0])
    local = datetime.fromtimestamp(at, get_zone(zone))
    name = holidays.find_name(place.country, row.region, local.date()) if row.blocks_holidays else None
    holiday = f" ({name})" if name is not None else ""
    others = f", one of {len(place.zones)} zones that the number can be in" if len(place.zones) > 1 else ""
    said = f"{describe_row(row)}; it is {_show_time(local)}{holiday} in {zone}{others}"
    if reason == "holidays_unknown":
        return f"{said}; the public holidays of {local.year} are not known yet"
    if closed is None:
        said = f"{said}, too late to send all parts before the hours end"
    return f"{said}; next: {_show_time(until.astimezone(get_zone(zone)))}"


def explain_unknown_zone(rows: Sequence[HoursRow], place: Place, shortest: timedelta) -> str:
    """Returns why marketing is held for a person to decide: nobody knows what time it is for the recipient."""
    hours = " and ".join(describe_row(row) for row in rows)
    if not place.zones:
        return f"{hours}; the number belongs to no country, so its time zone is not known; say it, or set country"
    zones = ", ".join(place.zones[:_MOST_ZONES]) + (" and more" if len(place.zones) > _MOST_ZONES else "")
    least = f"{shortest.total_seconds() / 3600:g} h"
    return (
        f"{hours}; the number can be in {len(place.zones)} time zones ({zones}), and these hours are never open in all of them "
        f"for {least}; set quiet_hours.fallback_zones for {place.country}"
    )


@lru_cache(maxsize=256)
def describe_row(row: HoursRow) -> str:
    """Returns the hours of a row in words: `in France marketing goes out Monday to Friday 08:00-20:00, not on ...`."""
    spans = []
    for hours, days in groupby(zip(_DAYS, row.days, strict=True), key=lambda each: each[1]):
        names = [name for name, _ in days]
        if hours is not None:
            spans.append(f"{names[0]}{f' to {names[-1]}' if len(names) > 1 else ''} {hours}")
    holidays = ", not on public holidays" if row.blocks_holidays else ""
    return f"in {name_place(row)} marketing goes out {', '.join(spans) or 'never'}{holidays}"


def name_place(row: HoursRow) -> str:
    """Returns the name of a row's country in English, with its region."""
    if row.country == "*":
        return "countries without hours of their own"
    name = list_country_names().get(row.country, row.country)
    return f"{name} ({row.region})" if row.region else name


def _find_closed(rows: Sequence[HoursRow], place: Place, holidays: Holidays, at: int) -> Iterator[tuple[HoursRow, str]]:
    """Returns the rows and zones that are closed at a time."""
    for row in rows:
        for zone in place.zones:
            if not is_open(row, zone, holidays, place.country, at):
                yield row, zone


def _show_time(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}, {local.hour:02d}:{local.minute:02d}"
