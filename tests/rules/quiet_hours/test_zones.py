"""Places of numbers."""

from __future__ import annotations

import pytest

from modemd.rules.geography.time_zones import list_country_names, list_zones_by_country
from modemd.rules.quiet_hours.zones import NOWHERE, Place, find_country_place, find_place, list_area_codes


@pytest.mark.parametrize(
    ("number", "country", "region", "zones"),
    [
        pytest.param("+33612345678", "FR", "", ("Europe/Paris",), id="a mobile of a country with one zone"),
        pytest.param(
            "+12083456789", "US", "ID", ("America/Boise", "America/Denver", "America/Los_Angeles"), id="two clocks"
        ),
        pytest.param("+18505550123", "US", "FL", ("America/Chicago", "America/New_York"), id="the whole area code"),
        pytest.param("+14165550123", "CA", "ON", ("America/Toronto",), id="a province"),
        pytest.param("+34612345678", "ES", "", ("Atlantic/Canary", "Europe/Madrid"), id="islands"),
        pytest.param("+447911123456", "GG", "", ("Europe/Guernsey",), id="a country within a calling code"),
        pytest.param("+447700900123", "GB", "", ("Europe/London",), id="a fictional number"),
        pytest.param("+77011234567", "KZ", "", ("Asia/Almaty", "Asia/Aqtobe"), id="Kazakhstan, not Russia"),
        pytest.param("+919812345678", "IN", "", ("Asia/Calcutta",), id="an old name of a zone"),
        pytest.param("+590690123456", "GP", "", ("America/Guadeloupe",), id="overseas"),
        pytest.param("+12465550123", "BB", "", ("America/Barbados",), id="an island of +1"),
    ],
)
def test_place_of_a_number(number: str, country: str, region: str, zones: tuple[str, ...]) -> None:
    """A number tells its country, in +1 its state, and the zones that its owner can be in."""
    assert find_place(number) == Place(country, region, zones)


def test_russian_mobile_can_be_anywhere_in_russia_only() -> None:
    """The zones of Kazakhstan, and Europe/Bucharest, which the library lists for +7, do not count."""
    zones = find_place("+79161234567").zones
    assert {"Europe/Moscow", "Asia/Kamchatka"} <= set(zones)
    assert not {"Asia/Almaty", "Europe/Bucharest"} & set(zones)


@pytest.mark.parametrize("number", ["+18005551234", "+18885551234", "+15005551234"])
def test_toll_free_number_can_be_anywhere(number: str) -> None:
    """It has no state, and every zone from Guam to Pago Pago is possible."""
    place = find_place(number)
    assert (place.country, place.region) == ("US", "")
    assert {"Pacific/Guam", "Pacific/Pago_Pago", "America/New_York"} <= set(place.zones)


@pytest.mark.parametrize("number", ["36111", "MODEMD", "", "+", "+80012345678", "+88212345678", "+9991234567"])
def test_what_belongs_to_no_country_is_nowhere(number: str) -> None:
    """Short codes, names and worldwide services have no place."""
    assert find_place(number) == NOWHERE


def test_country_place_has_all_zones_of_the_country() -> None:
    """Without a zone in the number, every zone of the country is possible; zones of other countries are left out."""
    assert set(find_country_place("ES").zones) == {"Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary"}
    assert find_country_place("ES", ("Europe/Madrid", "Europe/Paris")).zones == ("Europe/Madrid",)


def test_equal_places_are_one_object() -> None:
    """A million numbers do not make a million places."""
    assert find_place("+12125550123") is find_place("+12125550124")


def test_area_codes_name_known_zones_and_countries() -> None:
    """Every area code but the toll-free ones has a country, and zones that exist."""
    zones = {zone for each in list_zones_by_country().values() for zone in each}
    for code, area in list_area_codes().items():
        assert len(code) == 3
        assert bool(area.country) == bool(area.zones)
        assert set(area.zones) <= zones
        assert not area.country or area.country in list_country_names()
    assert len(list_area_codes()) == 437
