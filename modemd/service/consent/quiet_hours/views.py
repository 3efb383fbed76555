"""Views of quiet hours: the rows with their sources, the coming holidays, and what holds for one number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.geography.time_zones import list_country_names
from modemd.rules.phone_numbers import parse_recipient, quote
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.quiet_hours.table import CLOSED, DAYS, DEFAULT_KEY, HoursRow
from modemd.rules.quiet_hours.wording import describe_row
from modemd.rules.quiet_hours.zones import find_country_place
from modemd.service.consent.quiet_hours.current import CurrentQuietHours

_ROW_KEY = re.compile(r"[A-Za-z]{2}(-[A-Za-z]{2})?|\*", re.ASCII)
# Holidays are listed so far ahead, if they are known.
AHEAD = timedelta(days=366)
# Moments for which a number can be judged.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
NOTICE = "modemd gives no legal advice: check the rows that you depend on, and change them in quiet_hours.hours"


@dataclass(frozen=True, slots=True)
class HoursView:
    """Row of the table. `days`: the local hours of each day, or `none`; `changed`: what the configuration sets."""

    row: str
    days: dict[str, str]
    public_holidays: str
    basis: str
    source: str
    confidence: str
    notes: str
    changed: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class HolidayView:
    """Public holiday on which marketing is blocked. `place`: the country or subdivision."""

    day: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class NumberHoursView:
    """Quiet hours for a number at a moment. `zones`: those that its owner can be in; `counted`: those that decide; `until`: when
    to ask again, None if marketing may go, or a person is needed; `closes_at`: when the opening ends that lasts now."""

    number: str
    country: str
    region: str
    zones: tuple[str, ...]
    counted: tuple[str, ...]
    at: datetime
    may_send: bool
    reason: str | None
    because: str
    until: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuietHoursView:
    """Quiet hours: the rows that were asked for, the coming holidays of their country, and what holds for the number.
    `holidays_known_until`: the last year whose holidays are known; None if no country was asked for, or none is known."""

    enabled: bool
    rows: tuple[HoursView, ...]
    holidays: tuple[HolidayView, ...]
    holidays_known_until: int | None
    number: NumberHoursView | None
    notice: str = NOTICE


class QuietHoursViews:
    """Quiet hours as the faces show them."""

    def __init__(self, quiet_hours: CurrentQuietHours, settings: CurrentSettings, clock: Clock) -> None:
        self._quiet_hours = quiet_hours
        self._settings = settings
        self._clock = clock

    def show(self, subject: str | None, at: datetime | None = None) -> QuietHoursView:
        """Returns the quiet hours of a country (`FR`), a region (`US-FL`), a number, or all rows. `at`: the moment for which a
        number is judged; None is now. Raises Refused (`not_found`, `bad_time`, and as for a recipient)."""
        if at is not None and not EARLIEST <= at <= LATEST:
            raise Refused(
                ErrorCode.BAD_TIME, f"quiet hours are known from {EARLIEST:%Y} to {LATEST:%Y}, not at {at.isoformat()}"
            )
        moment = (at or self._clock.now()).astimezone(UTC)
        quiet, subject = self._quiet_hours.current(), (subject or "").strip()
        if not subject:
            return QuietHoursView(quiet.is_enabled, tuple(map(_view_row, quiet.table.rows.values())), (), None, None)
        if _ROW_KEY.fullmatch(subject):
            country, _, region = subject.upper().partition("-")
            if country != DEFAULT_KEY and country not in list_country_names():
                raise Refused(ErrorCode.NOT_FOUND, f"{quote(subject)} is no country; write two letters, such as FR")
            place, number = find_country_place(country), None
        else:
            recipient = parse_recipient(subject, country=self._settings.current().country, short_code=True).number
            place = quiet.find_place(recipient)
            country, region, number = place.country, place.region, _view_number(quiet, recipient, moment)
        rows = quiet.table.find_rows(country, region)
        blocking = next((row for row in reversed(rows) if row.blocks_holidays), None)
        holidays = tuple(_list_holidays(quiet, blocking, country, moment)) if blocking is not None else ()
        known = _find_known_year(quiet, blocking, country) if blocking is not None else None
        return QuietHoursView(quiet.is_enabled, tuple(map(_view_row, rows)), holidays, known, number)


def _view_row(row: HoursRow) -> HoursView:
    hours = {day: CLOSED if each is None else str(each) for day, each in zip(DAYS, row.days, strict=True)}
    blocked = "blocked" if row.blocks_holidays else "allowed"
    said = describe_row(row)
    return HoursView(row.key, hours, blocked, row.basis, row.source, row.confidence, row.notes, row.changed, said)


def _view_number(quiet: QuietHours, number: str, at: datetime) -> NumberHoursView:
    place, hold = quiet.find_place(number), quiet.find_hold(number, at)
    because = hold.because if hold is not None else " and ".join(map(describe_row, quiet.find_rows(place)))
    return NumberHoursView(
        number,
        place.country,
        place.region,
        place.zones,
        quiet.find_zones(place, at),
        at,
        hold is None,
        None if hold is None else hold.reason.value,
        because if quiet.is_enabled else "quiet hours are switched off",
        None if hold is None else hold.until,
        quiet.find_closing(number, at) if quiet.is_enabled else None,
    )


def _list_holidays(quiet: QuietHours, row: HoursRow, country: str, at: datetime) -> Iterator[HolidayView]:
    """Returns the holidays of a row from the day of a moment on."""
    subdivision = quiet.holidays.find_subdivision(country, row.region)
    for days in range(AHEAD.days):
        day = (at + timedelta(days=days)).date()
        name = quiet.holidays.find_name(country, row.region, day)
        if name is not None:
            yield HolidayView(day.isoformat(), name, f"{country}-{subdivision}" if subdivision else country)


def _find_known_year(quiet: QuietHours, row: HoursRow, country: str) -> int | None:
    found = quiet.holidays.lists.get((country, quiet.holidays.find_subdivision(country, row.region)))
    return max(found.years) if found is not None else None
