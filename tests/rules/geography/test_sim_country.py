"""The country of a SIM."""

from __future__ import annotations

import phonenumbers
import pytest

from modemd.rules.geography import sim_country
from modemd.rules.geography.sim_country import SimIdentity, find_iccid_country, find_imsi_country, find_sim_country


@pytest.mark.parametrize(
    ("iccid", "country"),
    [
        pytest.param("8933010000000000010", "FR", id="two digits"),
        pytest.param("8901410321111851072", "US", id="one digit, padded"),
        pytest.param("89701012345678901234", "RU", id="one digit, not padded"),
        pytest.param("8935301234567890123", "IE", id="three digits"),
        pytest.param("898602B8091751100000", "CN", id="letters behind it"),
        pytest.param("8988303000000000001", None, id="of the whole world"),
        pytest.param("8921012345678901234", None, id="a code that no country has"),
        pytest.param("1234567890123456789", None, id="not of telecommunications"),
        pytest.param("89", None, id="cut"),
    ],
)
def test_an_iccid_names_its_country(iccid: str, country: str | None) -> None:
    """By the calling code after 89."""
    assert find_iccid_country(iccid) == country


@pytest.mark.parametrize(
    ("imsi", "country"),
    [("208010000000001", "FR"), ("310410123456789", "US"), ("901700000000001", None), ("", None), (None, None)],
)
def test_an_imsi_names_its_country(imsi: str | None, country: str | None) -> None:
    """By its mobile country code."""
    assert find_imsi_country(imsi) == country


def test_every_mobile_country_code_names_a_country_with_a_number_plan() -> None:
    """Else a national number could not be read with it."""
    assert set(sim_country._COUNTRY_OF_MCC.values()) <= phonenumbers.SUPPORTED_REGIONS


@pytest.mark.parametrize(
    ("number", "iccid", "imsi", "country"),
    [
        pytest.param("+33612345678", "8932020000000000001", "206010000000001", "FR", id="its number"),
        pytest.param(None, "8901260000000000001", "302720000000001", "CA", id="the IMSI: +1 is several countries"),
        pytest.param(None, "8933010000000000010", None, "FR", id="the ICCID"),
        pytest.param("36111", "8933010000000000010", None, "FR", id="a number that says nothing"),
        pytest.param("+881612345678", "8988160000000000001", "901030000000001", None, id="no country"),
    ],
)
def test_the_country_of_a_sim(number: str | None, iccid: str, imsi: str | None, country: str | None) -> None:
    """The surest first."""
    assert find_sim_country(SimIdentity(iccid, number, imsi)) == country
