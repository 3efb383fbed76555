"""Time zones of countries, from the lists that come with the time zone database (the package `tzdata`)."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def list_zones_by_country() -> dict[str, tuple[str, ...]]:
    """Returns the zones of each country (ISO 3166 alpha-2), the most populous first as a rule."""
    found: dict[str, tuple[str, ...]] = {}
    for country, _, zone in _read_rows("zone.tab"):
        found[country] = (*found.get(country, ()), zone)
    return found


@cache
def is_zone_of_country(zone: str, country: str) -> bool:
    """Returns whether a zone is one of a country's, by its present name or an old one (Asia/Calcutta, Asia/Kolkata)."""
    zones = list_zones_by_country().get(country, ())
    return zone in zones or find_present_name(zone) in {find_present_name(each) for each in zones}


def find_present_name(zone: str) -> str:
    """Returns the name under which the database has the data of a zone; zones with equal data since 1970 share one."""
    return _present_names().get(zone, zone)


@cache
def list_country_names() -> dict[str, str]:
    """Returns the English name of each country, by its code (ISO 3166 alpha-2)."""
    return {row[0]: row[1] for row in _read_rows("iso3166.tab")}


@cache
def find_country_of_zone(zone: str) -> str:
    """Returns the country that a zone is listed for, by its present name if it is an old one; empty if there is none."""
    by_country = list_zones_by_country().items()
    present = find_present_name(zone)
    return next((country for name in (zone, present) for country, zones in by_country if name in zones), "")


@cache
def _present_names() -> dict[str, str]:
    lines = _read("tzdata.zi").splitlines()
    return {words[2]: words[1] for words in (line.split(" ") for line in lines if line.startswith("L "))}


def _read_rows(name: str) -> list[list[str]]:
    lines = _read(name).splitlines()
    return [line.split("\t")[:3] for line in lines if line and not line.startswith("#")]


def _read(name: str) -> str:
    return resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
