"""Amounts in operators' answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.balance import parse_amount

USUAL = r"([0-9]+[.,][0-9]{2})"


@pytest.mark.parametrize(
    ("text", "pattern", "amount"),
    [
        pytest.param("Balance: 12.50 EUR", USUAL, "12.50", id="point"),
        pytest.param("Votre solde est de 3,07 euros", USUAL, "3.07", id="comma"),
        pytest.param("1.234,56 EUR", r"([0-9.,]+) EUR", "1234.56", id="German"),
        pytest.param("1,234.56 USD", r"([0-9.,]+) USD", "1234.56", id="English"),
        pytest.param("1 234,56 EUR", r"([0-9., ]+) EUR", "1234.56", id="French"),
        pytest.param("1'234.50", r"[0-9'.]+", "1234.50", id="Swiss, no group"),
        pytest.param("1.234", r"[0-9.]+", "1234", id="three digits are thousands"),
        pytest.param("12.5", r"[0-9.]+", "12.5", id="one digit is none"),
        pytest.param("1,234,567", r"[0-9,]+", "1234567", id="millions"),
        pytest.param("you have 40 SMS left", r"(\d+) SMS", "40", id="a count"),
        pytest.param("solde: -2,10", r"solde: (-?[0-9,]+)", "-2.10", id="less than nothing"),
        pytest.param("12.", r"[0-9.]+", "12.0", id="a mark alone"),
    ],
)
def test_amounts_are_found(text: str, pattern: str, amount: str) -> None:
    """The first group, or the whole; marks of thousands and decimals as people write them."""
    assert parse_amount(text, pattern) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [("try again later", USUAL), ("12.50", "(x)?12"), ("a lot", "(a lot)"), ("٣٫٥", r"(\d.\d)")],
    ids=["nothing", "empty group", "no number", "other digits"],
)
def test_what_is_no_amount_is_none(text: str, pattern: str) -> None:
    """No match, or a match that is no number."""
    assert parse_amount(text, pattern) is None


@given(st.text("0123456789.,' -x"))
def test_any_text_is_an_amount_or_none(text: str) -> None:
    """Nothing that an operator writes is an error."""
    found = parse_amount(text, "(.+)")
    assert found is None or isinstance(found, Decimal)
