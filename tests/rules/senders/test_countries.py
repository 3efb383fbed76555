"""Countries and the senders that they allow."""

from __future__ import annotations

import re
from collections import Counter

import phonenumbers
import pytest

from modemd.rules.senders.countries import (
    NameRule,
    SenderCountry,
    find_sender_country,
    load_sender_countries,
    load_sender_sources,
)

COUNTRIES = load_sender_countries()


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=lambda each: each.country)
def test_each_row_is_a_country_with_known_sources(country: SenderCountry) -> None:
    """A country that telephone numbers can have, and keys that the list of sources explains, in the notes too."""
    assert country.country in phonenumbers.SUPPORTED_REGIONS
    keys = {*country.source.split("+"), *re.findall(r"\[([^]]+)\]", country.notes)}
    assert keys <= load_sender_sources().keys()


def test_each_source_is_used() -> None:
    """And says what it is."""
    used = {key for each in COUNTRIES.values() for key in each.source.split("+")}
    used |= {key for each in COUNTRIES.values() for key in re.findall(r"\[([^]]+)\]", each.notes)}
    assert used == load_sender_sources().keys()
    assert all(len(source) > 20 for source in load_sender_sources().values())


def test_a_source_has_its_date() -> None:
    """Rules age: where the date of a source is known, it is told."""
    assert load_sender_sources()["AWS23"].endswith(", 2023-04-05")
    assert not load_sender_sources()["TLX"].endswith(", ")


def test_each_kind_of_row_is_there() -> None:
    """As many as the list has. No country is overwritten as a whole: that an installation says itself."""
    assert Counter((each.names, each.has_two_way_short_codes) for each in COUNTRIES.values()) == {
        (NameRule.YES, True): 9,
        (NameRule.YES, False): 136,
        (NameRule.REGISTERED, True): 9,
        (NameRule.REGISTERED, False): 19,
        (NameRule.REGISTERED, None): 1,
        (NameRule.NO, True): 13,
        (NameRule.NO, False): 22,
        (NameRule.NO, None): 1,
    }


@pytest.mark.parametrize(
    ("country", "names", "is_two_way"),
    [
        pytest.param("DE", NameRule.YES, True, id="yes, two-way"),
        pytest.param("CH", NameRule.YES, False, id="yes, one-way"),
        pytest.param("GB", NameRule.REGISTERED, True, id="registered, two-way"),
        pytest.param("AU", NameRule.REGISTERED, False, id="registered, one-way"),
        pytest.param("LR", NameRule.REGISTERED, None, id="registered, unknown"),
        pytest.param("US", NameRule.NO, True, id="no, two-way"),
        pytest.param("BE", NameRule.NO, False, id="no, one-way"),
        pytest.param("AR", NameRule.NO, None, id="no, unknown"),
    ],
)
def test_the_row_of_a_country(country: str, names: NameRule, is_two_way: bool | None) -> None:
    """One of each kind."""
    found = find_sender_country(country)
    assert found is not None
    assert (found.names, found.has_two_way_short_codes) == (names, is_two_way)


def test_an_installation_knows_better() -> None:
    """Its own entry counts instead of the whole row, and for a country that is not in the list."""
    own = {
        "US": SenderCountry("US", NameRule.OVERWRITTEN),
        "ZZ": SenderCountry("ZZ", NameRule.NO, has_two_way_short_codes=True),
    }
    assert find_sender_country("US", own) == own["US"]
    assert find_sender_country("ZZ", own) == own["ZZ"]
    assert find_sender_country("CA", own) == COUNTRIES["CA"]


@pytest.mark.parametrize("country", ["ZZ", "", None])
def test_nothing_is_known_of_other_countries(country: str | None) -> None:
    """Nor of a number that has none."""
    assert find_sender_country(country) is None
