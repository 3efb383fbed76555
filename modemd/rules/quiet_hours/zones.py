"""Place of a number: its country, its region if the number tells one, and the time zones that its owner can be in.

A number tells only where it was given out. +1 numbers keep their area code if their owner moves, and in many countries mobile
numbers have no place at all: then every zone of the country is possible. For +1, `nanp_area_codes.csv` has the zones of the whole
area code (derived from the metadata of libphonenumber, Apache-2.0); what `phonenumbers` says of a single number is narrower, and
too sure for mobiles.
"""

from __future__ import annotations

import csv
from functools import cache, lru_cache
from importlib import resources
from sys import intern

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

from modemd.light_dataclass import dataclass
from modemd.rules.geography.time_zones import find_present_name, is_zone_of_country, list_zones_by_country

CONTIGUOUS_US = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles")
"""Zones of the contiguous United States, one for each clock."""
_NORTH_AMERICA = 1
_WORLDWIDE = "001"
_UNKNOWN = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a number. `country`: ISO 3166 alpha-2, empty if it is not known; `region`: a state or province, or empty; `zones`:
    names of the possible time zones."""

    country: str
    region: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AreaCode:
    """Area code of the North American numbering plan. `country` is empty for toll-free codes, which belong to no country."""

    country: str
    region: str
    zones: tuple[str, ...]


NOWHERE = Place("", "", ())


@lru_cache(maxsize=512)
def find_place(number: str) -> Place:
    """Returns the place of a number in E.164; `NOWHERE` for any other text, and for a number of no single country."""
    if not number.startswith("+"):
        return NOWHERE
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return NOWHERE
    code = parsed.country_code or 0
    if code == _NORTH_AMERICA:
        area = list_area_codes().get(str(parsed.national_number)[:3])
        if area is not None and area.country:
            return _share(Place(area.country, area.region, area.zones))
        # Toll-free numbers, and codes that have no place: anywhere in the numbering plan.
        return _share(Place("US", "", _list_number_zones(parsed) or _list_plan_zones()))
    country = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(code)
    if country is None or country in (_WORLDWIDE, "ZZ"):
        return NOWHERE
    return find_country_place(country, _list_number_zones(parsed))


def _list_number_zones(number: PhoneNumber) -> tuple[str, ...]:
    """Returns the zones that the library knows for a number; none if it knows none."""
    from phonenumbers import timezone  # its table takes half a MiB, and only quiet hours need it

    return tuple(zone for zone in timezone.time_zones_for_number(number) if zone != _UNKNOWN)


@lru_cache(maxsize=512)
def find_country_place(country: str, zones: tuple[str, ...] = ()) -> Place:
    """Returns the place of a number that can be anywhere in a country, or in those of `zones` that are the country's."""
    listed = list_zones_by_country().get(country, ())
    own = [zone for zone in zones if zone in listed]
    # The library has old names, too: Asia/Calcutta is in no list.
    known = {find_present_name(zone) for zone in own}
    own += [zone for zone in zones if is_zone_of_country(zone, country) and find_present_name(zone) not in known]
    return Place(country, "", tuple(own) or zones or listed)


@cache
def list_area_codes() -> dict[str, AreaCode]:
    """Returns the area codes of +1, read from nanp_area_codes.csv beside this module."""
    text = (resources.files("modemd.rules.quiet_hours") / "nanp_area_codes.csv").read_text(encoding="utf-8")
    return {
        row["npa"]: _share_area(row["country"], row["state_or_province"], row["time_zones"])
        for row in csv.DictReader(text.splitlines())
    }


@cache
def _share_area(country: str, region: str, zones: str) -> AreaCode:
    return AreaCode(intern(country), intern(region), tuple(map(intern, zones.split(";"))) if zones else ())


@lru_cache(maxsize=512)
def _share(place: Place) -> Place:
    """Returns the first place that equals `place`: equal places are one object in memory."""
    return place


@cache
def _list_plan_zones() -> tuple[str, ...]:
    """Returns the zones of every area code."""
    return tuple(sorted({zone for area in list_area_codes().values() for zone in area.zones}))
