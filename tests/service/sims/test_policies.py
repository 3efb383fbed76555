"""Which policies are about the SIMs of an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.rules.country_policies.policies import PolicySeverity, load_policies
from modemd.service.sims.policies import find_own_policies, list_policies

FRENCH, BRITISH = "8933010000000000010", "8944010000000000018"


def found(configured: dict[str, Any], met: dict[str, str | None] | None = None) -> set[str]:
    settings = Settings.model_validate({"database": "/x/modemd.db", **configured}, context={"folder": Path("/x")})
    policies = find_own_policies(settings, met)
    return {f"{each.country}/{each.code}" for each in policies if each.severity is PolicySeverity.WARNING}


@pytest.mark.parametrize(
    ("configured", "met", "expected"),
    [
        pytest.param({}, None, {"*/contract"}, id="nothing is known"),
        pytest.param({"country": "FR"}, None, {"*/contract", "FR/personal_numbers"}, id="the country"),
        pytest.param({"sims": {FRENCH: {}}}, None, {"*/contract", "FR/personal_numbers"}, id="an ICCID"),
        pytest.param(
            {"sims": {FRENCH: {"number": "+5511961234567"}}},
            None,
            {"*/contract", "BR/long_codes"},
            id="a number goes first",
        ),
        pytest.param({}, {FRENCH: None}, {"*/contract", "FR/personal_numbers"}, id="a SIM that was met"),
        pytest.param({}, {FRENCH: "+5511961234567"}, {"*/contract", "BR/long_codes"}, id="its number"),
        pytest.param({"sims": {FRENCH: {"contract": "M2M 1"}}}, None, {"FR/personal_numbers"}, id="a contract"),
        pytest.param(
            {"sims": {FRENCH: {"contract": "M2M 1"}}},
            {FRENCH: None, BRITISH: None},
            {"*/contract", "FR/personal_numbers"},
            id="one contract of two",
        ),
        pytest.param(
            {},
            {BRITISH[:-1] + str(index): None for index in range(5)},
            {"*/contract", "GB/many_sims"},
            id="five in Britain",
        ),
    ],
)
def test_policies_go_by_the_countries_of_the_sims(
    configured: dict[str, Any], met: dict[str, str | None] | None, expected: set[str]
) -> None:
    """By the configured country, by numbers and ICCIDs, and by how many SIMs there are."""
    assert found(configured, met) == expected


def test_the_list_is_that_of_a_country_or_of_all() -> None:
    """In small letters, too."""
    assert list_policies(None) == list(load_policies())
    assert {each.country for each in list_policies("fr")} == {"*", "FR"}
    assert "many_sims" in {each.code for each in list_policies("GB")}


@pytest.mark.parametrize("country", ["", "France", "*", "F1", "ÄÖ"])
def test_what_is_no_country_is_refused(country: str) -> None:
    """With a code, and with what helps."""
    with pytest.raises(Refused, match="write its two letters") as refused:
        list_policies(country)
    assert refused.value.code == ErrorCode.BAD_COUNTRY
