"""Countries and the names that they allow."""

from __future__ import annotations

from collections import Counter

import phonenumbers
import pytest

from modemd.rules.senders.countries import NameRule, find_name_rule, load_sender_countries

COUNTRIES = load_sender_countries()


def test_each_country_is_one_and_says_its_source() -> None:
    """Every row is about a country that telephone numbers can have, and tells where it is from."""
    assert COUNTRIES.keys() <= phonenumbers.SUPPORTED_REGIONS
    assert [each.country for each in COUNTRIES.values() if not each.source] == []
    assert len(COUNTRIES) == 210


def test_each_kind_of_rule_is_there() -> None:
    """As many as the list has. None is overwritten as a whole: that an installation says itself."""
    assert Counter(each.names for each in COUNTRIES.values()) == {
        NameRule.YES: 145,
        NameRule.REGISTERED: 29,
        NameRule.NO: 36,
    }
    assert Counter(each.has_two_way_short_codes for each in COUNTRIES.values()) == {True: 31, False: 177, None: 2}


@pytest.mark.parametrize(
    ("country", "rule"),
    [("DE", NameRule.YES), ("AU", NameRule.REGISTERED), ("US", NameRule.NO), ("CA", NameRule.NO), (None, None)],
)
def test_the_rule_of_a_country(country: str | None, rule: NameRule | None) -> None:
    """The list has it."""
    assert find_name_rule(country, {}) is rule


def test_an_installation_knows_better() -> None:
    """Its own rule goes first, also for a country of which nobody knows."""
    assert find_name_rule("US", {"US": NameRule.OVERWRITTEN}) is NameRule.OVERWRITTEN
    assert find_name_rule("ZZ", {}) is None
    assert find_name_rule("ZZ", {"ZZ": NameRule.NO}) is NameRule.NO
