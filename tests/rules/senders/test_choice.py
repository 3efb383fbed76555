"""Texts that name a sender, and which form each has."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.rules.senders.choice import ChoiceForm, SenderChoice, parse_choice
from modemd.rules.senders.codes import SenderCode


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("office", ChoiceForm.LINE, "office"),
        (" west_2-b ", ChoiceForm.LINE, "west_2-b"),
        ("1", ChoiceForm.LINE, "1"),
        ("36111", ChoiceForm.LINE, "36111"),
        ("pool", ChoiceForm.LINE, "pool"),
        ("a" * 40, ChoiceForm.LINE, "a" * 40),
        ("+33612345678", ChoiceForm.NUMBER, "+33612345678"),
        ("+33 6 12 34 56 78", ChoiceForm.NUMBER, "+33612345678"),
        ("89331503191200000", ChoiceForm.LINE, "89331503191200000"),
        ("893315031912000001", ChoiceForm.SIM, "893315031912000001"),
        ("8933150319120000001234", ChoiceForm.SIM, "8933150319120000001234"),
        ("89860318740A1B2C3D4E", ChoiceForm.SIM, "89860318740A1B2C3D4E"),
        ("89860318740a1b2c3d4e", ChoiceForm.SIM, "89860318740A1B2C3D4E"),
        ("89331503191200000012345", ChoiceForm.LINE, "89331503191200000012345"),
        ("pool:shops", ChoiceForm.POOL, "shops"),
        (f"pool:{'a' * 40}", ChoiceForm.POOL, "a" * 40),
        ("pool:893315031912000001", ChoiceForm.POOL, "893315031912000001"),
    ],
)
def test_the_form_tells_what_is_named(text: str, form: ChoiceForm, value: str) -> None:
    """A plus a number, `pool:` a pool, 18 to 22 digits a SIM, all else a line."""
    assert parse_choice(text) == SenderChoice(form, value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no sender"),
        ("ChezPaul", "names no sender"),
        ("a" * 41, "names no sender"),
        ("two words", "names no sender"),
        ("Pool:shops", "names no sender"),
        ("line:office", "names no sender"),
        ("café", "names no sender"),
        ("٣٦١١١", "names no sender"),
        ("pool:", "no name of a pool"),
        ("pool:Shops", "no name of a pool"),
        ("pool: shops", "no name of a pool"),
        ("pool:+33612345678", "no name of a pool"),
        ("+3361234567", "a number of FR has 9 digits"),
        ("+12", "+12 "),
        ("+x", "is not a telephone number"),
        ("0612345678", "without + and country code"),
        ("0033612345678", "without + and country code"),
    ],
)
def test_what_has_no_form_is_refused(text: str, told: str) -> None:
    """The message says what is right."""
    with pytest.raises(Refused) as caught:
        parse_choice(text)
    assert caught.value.code is SenderCode.BAD_SENDER
    assert told in caught.value.reason
