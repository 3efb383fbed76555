"""The time zone of a SIM: of the country that its number, or else its ICCID, is of, where that country has one time."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo


def zone_of(number: str | None, iccid: str, usual: ZoneInfo) -> ZoneInfo:
    """The zone in which a SIM's quotas begin anew; `usual` where its country has several times or cannot be told."""
    country = _country_of_number(number) if number else _country_of_iccid(iccid)
    zones = _zones().get(country or "", ())
    if not zones or usual.key in zones or len({_offsets(zone) for zone in zones}) > 1:
        return usual
    return ZoneInfo(zones[0])


@cache
def _offsets(zone: str) -> tuple[timedelta | None, ...]:
    """By these, a country's zones are one for us: Germany has two, of the same hours."""
    return tuple(datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 4, 7, 10))


def _country_of_number(number: str) -> str | None:
    from modemd.rules.phone_numbers import country_of

    return country_of(number)


def _country_of_iccid(iccid: str) -> str | None:
    """The digits behind 89 are the country's calling code (ITU-T E.118 3.1), of which no one begins another."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    if not iccid.startswith("89"):
        return None
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(iccid[2 : 2 + length] or 0))
        if regions is not None:
            return regions[0]
    return None


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Zones by country, from the list that comes with the time zone database."""
    found: dict[str, tuple[str, ...]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
