"""What numbers the digits of a sender can mean."""

from __future__ import annotations

import pytest

from modemd.rules.sender_numbers import SenderNumber, list_national_forms, may_be_answered, read_sender


@pytest.mark.parametrize(
    ("text", "countries", "meant"),
    [
        pytest.param("+33612345678", ("DE",), SenderNumber("+33612345678"), id="what nearly all senders are"),
        pytest.param("4915112345678", ("DE",), SenderNumber("+4915112345678", ("+494915112345678",)), id="no plus"),
        pytest.param("33612345678", ("DE",), SenderNumber("+33612345678", ("+4933612345678",)), id="mobiles first"),
        pytest.param("+0612345678", ("FR",), SenderNumber("+33612345678"), id="no calling code begins with 0"),
        pytest.param("+2025550123", ("US",), SenderNumber("+12025550123", ("+2025550123",)), id="two plans"),
        pytest.param("0612345678", ("GB", "FR"), SenderNumber("+33612345678", ("+44612345678",)), id="two countries"),
        pytest.param("0612345678", (), SenderNumber("0612345678", is_ending=True), id="no country"),
        pytest.param("612345678", (), SenderNumber("612345678", ("+612345678",), is_ending=True), id="doubtful"),
        pytest.param("36111", ("FR",), SenderNumber("36111"), id="a short code"),
        pytest.param("36111", (), SenderNumber("36111"), id="a short code of no country"),
        pytest.param("Vodafone", ("FR",), SenderNumber("Vodafone"), id="a name"),
        pytest.param("*144#", ("FR",), SenderNumber("*144#"), id="a code"),
        pytest.param("", ("FR",), SenderNumber(""), id="nothing"),
    ],
)
def test_a_sender_means_every_number_that_a_plan_allows(
    text: str, countries: tuple[str, ...], meant: SenderNumber
) -> None:
    """The likeliest is first: one that is assigned before one that is only possible, a mobile before a fixed line."""
    assert read_sender(text, countries) == meant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5215512345678", "+525512345678"), ("+5491123456789", "+541123456789"), ("+5511987654321", "+551187654321"),
        ("+2290197123456", "+22997123456"),
    ],
)  # fmt: skip
def test_both_numbers_of_one_telephone_are_meant(one: str, other: str) -> None:
    """Plans that changed, or that write mobiles in two ways: what one number says binds the other, too."""
    assert other in read_sender(one).readings
    assert one in read_sender(other).readings


def test_the_national_forms_of_a_number() -> None:
    """With and without the 0, and as it is dialled where the prefix is none."""
    assert {"612345678", "0612345678"} <= list_national_forms("+33612345678")
    assert {"9161234567", "89161234567"} <= list_national_forms("+79161234567")
    assert "45678" not in list_national_forms("+33612345678"), "a short code ends many numbers"
    assert "0612345679" not in list_national_forms("+33612345678")


@pytest.mark.parametrize(
    ("number", "may"),
    [
        ("+33612345678", True), ("+12025550123", True), ("+33899123456", False), ("+449098790123", False),
        ("+870776123456", False), ("+881631234567", False), ("+88213123456", False), ("+979123456789", False),
        ("36111", False), ("Vodafone", False), ("0612345678", False),
    ],
)  # fmt: skip
def test_an_automatic_answer_goes_to_ordinary_numbers_only(number: str, may: bool) -> None:
    """Not to premium rate, satellites, short codes, names, and what cannot be read."""
    assert may_be_answered(number) is may
