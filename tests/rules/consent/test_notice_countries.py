"""Countries and what they demand of marketing."""

from __future__ import annotations

import phonenumbers
import pytest

from modemd.rules.consent.notice_countries import load_notice_countries

COUNTRIES = load_notice_countries()


def test_each_country_is_one_and_says_its_source() -> None:
    """Every row is about a country that telephone numbers can have, and tells where it is from."""
    assert COUNTRIES.keys() <= phonenumbers.SUPPORTED_REGIONS
    assert [each.country for each in COUNTRIES.values() if not each.source] == []


@pytest.mark.parametrize("country", ["FR", "GB", "ES", "AU", "CA", "KR", "TR", "BE", "IL", "NZ"])
def test_countries_that_want_it_in_each_message(country: str) -> None:
    """The table has the countries whose law wants the way out in every message."""
    assert COUNTRIES[country].every_message


@pytest.mark.parametrize("country", ["FR", "GB", "AU", "CA", "NZ", "IL", "KR"])
def test_countries_that_want_the_senders_name(country: str) -> None:
    """The table has the countries whose law wants to know who sends."""
    assert COUNTRIES[country].sender_name


def test_only_korea_wants_a_prefix() -> None:
    """Korean advertising begins with its mark."""
    assert {each.country: each.prefix for each in COUNTRIES.values() if each.prefix} == {"KR": "(광고)"}


def test_nothing_is_demanded_elsewhere() -> None:
    """The United States want the notice in the first message, which is the rule everywhere."""
    assert "US" not in COUNTRIES
