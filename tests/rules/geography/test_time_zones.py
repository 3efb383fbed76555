"""Time zones of countries, by the lists of the time zone database."""

from __future__ import annotations

import pytest

from modemd.rules.geography.time_zones import (
    find_country_of_zone,
    is_zone_of_country,
    list_country_names,
    list_zones_by_country,
)


def test_zones_of_a_country() -> None:
    """A country has all of its zones, and no other's."""
    assert set(list_zones_by_country()["ES"]) == {"Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary"}


@pytest.mark.parametrize(
    ("zone", "country", "is_own"),
    [
        ("Europe/Paris", "FR", True),
        ("Asia/Kolkata", "IN", True),
        ("Asia/Calcutta", "IN", True),
        ("America/Buenos_Aires", "AR", True),
        ("Europe/Bucharest", "RU", False),
        ("Asia/Almaty", "RU", False),
        ("Europe/Paris", "XX", False),
    ],
)
def test_zone_is_known_by_its_old_names_too(zone: str, country: str, is_own: bool) -> None:
    """A zone belongs to a country under each of its names."""
    assert is_zone_of_country(zone, country) is is_own


@pytest.mark.parametrize(
    ("zone", "country"), [("Europe/Paris", "FR"), ("Asia/Calcutta", "IN"), ("America/Cayenne", "GF"), ("UTC", "")]
)
def test_country_of_a_zone(zone: str, country: str) -> None:
    """A zone tells its country, if it has one."""
    assert find_country_of_zone(zone) == country


def test_country_names_are_in_english() -> None:
    """Countries are called by a name that people know."""
    assert list_country_names()["DE"] == "Germany"
