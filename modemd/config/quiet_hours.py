"""Settings of quiet hours: changes of the hours by country, of public holidays, and the zones that count in doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from modemd.config.amounts import DURATION_FORM
from modemd.config.values import (
    Duration,
    Frozen,
    check_country_code,
    freeze_mapping,
    in_range,
    matching_digits,
    parse_time_zone,
    parse_with,
    rejection_message,
)
from modemd.rules.quiet_hours.table import DAYS, DEFAULT_KEY, REGION_COUNTRIES, DayHours, parse_day_hours

HOURS_FORM = "local hours, such as 09:00-18:00, or none"
DATES_FORM = "a list of dates, such as [2026-12-24]"
SHORTEST_FORM = f"{DURATION_FORM}; at least 1min, at most 24h"
MOST_DATES = 366

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _parse_dates(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if len(value) > MOST_DATES:
        raise ValueError(f"{len(value)} dates are too many")
    return tuple(each if isinstance(each, date) else _parse_date(each) for each in value)


def _parse_date(value: object) -> date:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not a date such as 2026-12-24")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no day of the calendar") from None


def _check_row_key(key: str) -> str:
    """Returns the key of a row: a country, a state or province of a country whose numbers tell it, or *."""
    country, dash, region = key.partition("-")
    if key == DEFAULT_KEY:
        return key
    check_country_code(country)
    if not dash:
        return key
    if country not in REGION_COUNTRIES:
        raise ValueError(
            f"{key!r} has a region, but numbers tell their region only in {' and '.join(REGION_COUNTRIES)}"
        )
    # Imported here because few files have regions, and it would triple the import time of this module.
    from modemd.rules.quiet_hours.zones import list_area_codes

    if (country, region) not in {(area.country, area.region) for area in list_area_codes().values()}:
        raise ValueError(f"no area code is in {key!r}")
    return key


def _by(check: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(parse_with(check))


Hours = Annotated[DayHours | None, BeforeValidator(parse_with(parse_day_hours, DayHours))]
Dates = Annotated[tuple[date, ...], BeforeValidator(_parse_dates)]
Country = Annotated[str, _by(check_country_code)]
RowKey = Annotated[str, _by(_check_row_key)]
ZoneName = Annotated[str, _by(lambda text: parse_time_zone(text).key)]


class HoursSettings(Frozen):
    """Changes of one row: hours of some days, and whether public holidays are blocked. What is not set stays as it is."""

    mon: Hours = Field(default=None, description=HOURS_FORM)
    tue: Hours = Field(default=None, description=HOURS_FORM)
    wed: Hours = Field(default=None, description=HOURS_FORM)
    thu: Hours = Field(default=None, description=HOURS_FORM)
    fri: Hours = Field(default=None, description=HOURS_FORM)
    sat: Hours = Field(default=None, description=HOURS_FORM)
    sun: Hours = Field(default=None, description=HOURS_FORM)
    public_holidays: Literal["blocked", "allowed"] | None = Field(default=None, description="blocked or allowed")

    @property
    def days(self) -> dict[str, DayHours | None]:
        """The hours of the days that are set, by day; None if nothing is sent on a day."""
        return {day: getattr(self, day) for day in DAYS if day in self.model_fields_set}


class HolidaySettings(Frozen):
    """Changes of the public holidays of one country. `subdivision`: the part of the country whose holidays apply."""

    add: Dates = Field(default=(), description=DATES_FORM)
    remove: Dates = Field(default=(), description=DATES_FORM)
    subdivision: Annotated[str, matching_digits(r"[A-Z0-9]{1,3}")] | None = Field(
        default=None,
        description="the code of a part of the country (ISO 3166-2) without the country, such as '57' or BY",
    )


class QuietHoursSettings(Frozen):
    """Quiet hours by country."""

    enabled: bool = Field(
        default=True, description="true or false: whether marketing waits for the hours of each country"
    )
    hours: Annotated[Mapping[RowKey, HoursSettings], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="countries, regions such as US-FL, or '*', each with hours by day: mon to sun, public_holidays",
    )
    holidays: Annotated[Mapping[Country, HolidaySettings], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}), description="countries, each with add, remove, subdivision"
    )
    fallback_zones: Annotated[Mapping[Country, ZoneName], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="countries, each with the name of a time zone, such as RU: Europe/Moscow",
    )
    shortest: Annotated[Duration, in_range(timedelta(minutes=1), timedelta(hours=24))] = Field(
        default=timedelta(hours=3), description=SHORTEST_FORM
    )
    strictest_us: bool = Field(
        default=False, description="true or false: whether numbers of the United States can be in any of its zones"
    )
