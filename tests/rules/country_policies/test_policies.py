"""The table of policies, and which of them are about a SIM."""

from __future__ import annotations

import re

import phonenumbers
import pytest

from modemd.rules.country_policies.policies import EVERYWHERE, Policy, PolicySeverity, find_policies, load_policies


def found(*countries: str, sims: int = 1, has_contracts: bool = False) -> list[tuple[str, str]]:
    policies = find_policies(countries, sims, has_contracts=has_contracts)
    return [(each.country, each.code) for each in policies if each.severity is PolicySeverity.WARNING]


@pytest.mark.parametrize("policy", load_policies(), ids=lambda each: f"{each.country}-{each.code}")
def test_each_policy_is_a_fact_with_a_source(policy: Policy) -> None:
    """A country that exists, a code for programs, a sentence that is no demand on the reader's trust, and its source."""
    assert policy.country in {EVERYWHERE, *phonenumbers.SUPPORTED_REGIONS}
    assert re.fullmatch(r"[a-z_]{2,30}", policy.code)
    assert policy.source
    assert 20 < len(policy.text) < 300
    assert not policy.text.endswith(".")


def test_a_country_has_each_code_once() -> None:
    """The pair names a policy."""
    keys = [(each.country, each.code) for each in load_policies()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("country", ["FR", "IN", "US", "CA", "BR", "KR", "TR", "SG", "AE", "SA", "VN"])
def test_a_country_has_its_warning_beside_that_of_all(country: str) -> None:
    """The contract is a question everywhere."""
    first, *own = found(country)
    assert first == (EVERYWHERE, "contract")
    assert {each for each, _ in own} == {country}


def test_a_country_without_an_entry_has_only_what_is_the_same_everywhere() -> None:
    """That nothing is listed does not mean that all is allowed."""
    assert found("LI") == found() == [(EVERYWHERE, "contract")]


@pytest.mark.parametrize(("sims", "is_warned"), [(4, False), (5, True)])
def test_many_sims_are_a_question_in_britain(sims: int, is_warned: bool) -> None:
    """From five on."""
    assert (("GB", "many_sims") in found("GB", sims=sims)) is is_warned
    assert ("GB", "many_sims") not in found("FR", sims=sims)


def test_a_noted_contract_ends_the_warning_about_contracts() -> None:
    """And no other."""
    assert found("FR", has_contracts=True) == [("FR", "personal_numbers")]
