"""Any text, in the GSM alphabet and a few parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd import pdu
from modemd.pdu import Alphabet
from modemd.service.alerts.gsm_text import fit_gsm


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("“Load” is … high", '"Load" is ... high', id="quotes and dots of word processors"),
        pytest.param("ěščř ê ø é", "escr e ø é", id="accents that the alphabet does not have"),
        pytest.param("x\u0301y", "xy", id="an accent of its own"),
        pytest.param("日本 😀", "?? ?", id="other letters"),
        pytest.param("a\tb\r\n\x00 c\x07", "a b c", id="controls and blanks"),
        pytest.param("a" * 160, "a" * 160, id="one part"),
        pytest.param("a" * 306, "a" * 306, id="two parts"),
        pytest.param("a" * 307, "a" * 303 + "...", id="too long"),
        pytest.param("€" * 400, "€" * 151 + "...", id="characters of two septets"),
    ],
)
def test_a_text_fits_two_parts(text: str, plain: str) -> None:
    """What the alphabet has stays; what it does not have is replaced; what is too long is cut."""
    assert fit_gsm(text, 2) == plain


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=700), st.integers(1, 3))
def test_whatever_comes_fits(text: str, parts: int) -> None:
    """No text needs another alphabet, or a part more."""
    plan = pdu.plan(fit_gsm(text, parts))
    assert plan.alphabet is Alphabet.GSM7
    assert plan.parts <= parts


def test_a_huge_text_is_cut_first() -> None:
    """However long it is, and whatever is at its start."""
    assert fit_gsm("a" * 10_000_000, 1) == "a" * 157 + "..."
    assert fit_gsm(" " * 10_000_000 + "a", 1) == "..."
