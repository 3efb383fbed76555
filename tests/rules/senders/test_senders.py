"""Kinds of senders and their forms."""

from __future__ import annotations

import re

import pytest

from modemd.errors import Refused
from modemd.rules.senders.codes import SenderCode
from modemd.rules.senders.senders import ProviderSender, ProviderSenderKind, list_countries, parse_sender

NAME, CODE = ProviderSenderKind.ALPHANUMERIC, ProviderSenderKind.SHORT_CODE
FREE, VIRTUAL = ProviderSenderKind.TOLL_FREE, ProviderSenderKind.VIRTUAL_NUMBER
SIM = ProviderSenderKind.SIM


def refusal_of(kind: ProviderSenderKind, text: str, country: str | None = None, *, allows_spaces: bool = False) -> str:
    with pytest.raises(Refused) as caught:
        parse_sender(kind, text, country, allows_spaces=allows_spaces)
    assert caught.value.code is SenderCode.BAD_SENDER
    return caught.value.reason


@pytest.mark.parametrize("text", ["ABC", "ChezPaul", "Abcdefghijk", "7up", "12345678901"[:-1] + "x"])
def test_a_safe_name(text: str) -> None:
    """3 to 11 letters and digits, with their case; nothing to warn of."""
    assert parse_sender(NAME, text) == ProviderSender(NAME, text)
    assert re.fullmatch(r"^(?=.*[A-Za-z])[A-Za-z0-9]{3,11}$", text)


@pytest.mark.parametrize("text", ["A", "4x"])
def test_a_short_name_is_warned_of(text: str) -> None:
    """Some networks refuse names of one or two characters."""
    sender = parse_sender(NAME, text)
    assert sender.value == text
    assert "fewer than 3 characters" in sender.warnings[0]


def test_a_space_needs_a_provider_that_takes_it() -> None:
    """And is warned of; at an end it is refused."""
    assert "has a space, which this provider does not take" in refusal_of(NAME, "Chez Paul")
    sender = parse_sender(NAME, "Chez Paul", allows_spaces=True)
    assert sender.value == "Chez Paul"
    assert "a space" in sender.warnings[0]
    for text in (" ChezPaul", "ChezPaul ", "   "):
        assert "a space only between them" in refusal_of(NAME, text, allows_spaces=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "Abcdefghijkl",
        "Chez-Paul",
        "Chez_Paul",
        "Café",
        "Чез",
        "ＡＢＣ",
        "A\tB",
        "ABC\n",
        "١٢a",
        "A\u00a0B",
    ],
)
def test_what_is_no_name(text: str) -> None:
    """Only digits, more than 11 characters, signs, and letters beyond ASCII."""
    assert "1 to 11 ASCII letters and digits" in refusal_of(NAME, text)


@pytest.mark.parametrize("text", ["111", "36111", "12345678"])
def test_a_short_code_belongs_to_a_country(text: str) -> None:
    """3 to 8 digits, and its country must be said."""
    assert parse_sender(CODE, text, "FR") == ProviderSender(CODE, text, "FR")
    assert "needs its country" in refusal_of(CODE, text)
    assert "needs its country" in refusal_of(CODE, text, "ZZ")


@pytest.mark.parametrize("text", ["", "11", "123456789", "36 111", "3611a", "+36111", "٣٦١١١"])
def test_what_is_no_short_code(text: str) -> None:
    """Fewer or more digits, or anything else."""
    assert "3 to 8 digits" in refusal_of(CODE, text, "FR")


@pytest.mark.parametrize("prefix", ["800", "833", "844", "855", "866", "877", "888"])
def test_a_toll_free_number_is_of_north_america(prefix: str) -> None:
    """By its prefix, and as such only."""
    text = f"+1 {prefix} 555 0123"
    number = f"+1{prefix}5550123"
    assert parse_sender(FREE, text).value == number
    for kind in (VIRTUAL, SIM):
        assert f"{number} is a toll-free number" in refusal_of(kind, text)


@pytest.mark.parametrize("text", ["+12025550123", "+33800123456", "+448001111111", "+80012345678"])
def test_what_is_no_toll_free_number(text: str) -> None:
    """An ordinary number, and toll-free numbers of elsewhere, which cannot send."""
    assert "no toll-free number of North America" in refusal_of(FREE, text)


@pytest.mark.parametrize("kind", [VIRTUAL, SIM])
def test_an_ordinary_number_is_written_in_international_form(kind: ProviderSenderKind) -> None:
    """However it is grouped. One that its plan does not know is warned of."""
    assert parse_sender(kind, "+33 6 12 34 56 78") == ProviderSender(kind, "+33612345678", "FR")
    assert parse_sender(kind, "+447700900123").country == "GB"
    (warning,) = parse_sender(kind, "+15555550123").warnings
    assert "no number that" in warning


@pytest.mark.parametrize("kind", [VIRTUAL, FREE])
@pytest.mark.parametrize(
    "text",
    [
        "0612345678",
        "33612345678",
        "+3361234567",
        "+15551234",
        "+999123456789",
        "+",
        "ChezPaul",
        "",
        "36111",
        "+112",
        "+33x12345678",
    ],
)
def test_what_is_no_number(kind: ProviderSenderKind, text: str) -> None:
    """National form, a wrong number of digits, no country, an emergency number."""
    assert "--short-code" not in refusal_of(kind, text)


def test_only_a_toll_free_network_answers_stop_itself() -> None:
    """Then a confirmation of ours would be a second one."""
    assert [kind for kind in ProviderSenderKind if kind.is_network_answering_stop] == [FREE]


def test_only_a_name_identifies() -> None:
    """The others are digits, which say nothing of who sends."""
    assert [kind for kind in ProviderSenderKind if kind.is_identifying] == [NAME]


def test_where_a_sender_reaches() -> None:
    """A short code its own country, a toll-free number two countries; names and other numbers are not bound."""
    assert list_countries(parse_sender(CODE, "36111", "FR")) == ("FR",)
    assert list_countries(parse_sender(FREE, "+18005550123")) == ("US", "CA")
    assert list_countries(parse_sender(NAME, "ChezPaul")) is None
    assert list_countries(parse_sender(VIRTUAL, "+33612345678")) is None
    assert list_countries(parse_sender(SIM, "+33612345678")) is None
