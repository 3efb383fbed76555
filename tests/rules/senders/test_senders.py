"""Senders: the form of each kind."""

from __future__ import annotations

import pytest

from modemd.rules.senders.senders import ProviderSenderKind, list_countries, parse_sender

NAME, CODE, FREE, VIRTUAL = (
    ProviderSenderKind.ALPHANUMERIC,
    ProviderSenderKind.SHORT_CODE,
    ProviderSenderKind.TOLL_FREE,
    ProviderSenderKind.VIRTUAL_NUMBER,
)


@pytest.mark.parametrize(
    ("kind", "text", "country", "value", "found"),
    [
        (NAME, "ChezPaul", None, "ChezPaul", None),
        (NAME, "24h", None, "24h", None),
        (NAME, "ABCDEFGHIJK", None, "ABCDEFGHIJK", None),
        (CODE, "36111", "FR", "36111", "FR"),
        (CODE, "12345678", "GB", "12345678", "GB"),
        (FREE, "+1 800 555 0123", None, "+18005550123", "US"),
        (VIRTUAL, "+33 7 00 00 00 01", None, "+33700000001", "FR"),
        (VIRTUAL, "+447700900123", None, "+447700900123", "GB"),
    ],
)
def test_a_right_sender(
    kind: ProviderSenderKind, text: str, country: str | None, value: str, found: str | None
) -> None:
    """It has its value in one spelling, its country, and no warning."""
    sender = parse_sender(kind, text, country)
    assert (sender.value, sender.country, sender.warnings) == (value, found, ())


@pytest.mark.parametrize(
    ("kind", "text", "country", "told"),
    [
        (NAME, "", None, "1 to 11"),
        (NAME, "ABCDEFGHIJKL", None, "1 to 11"),
        (NAME, "12345", None, "with a letter"),
        (NAME, "Café", None, "ASCII"),
        (NAME, "A-B", None, "letters, digits"),
        (NAME, "Chez Paul", None, "has a space"),
        (NAME, " Paul", None, "no space at either end"),
        (CODE, "12", "FR", "3 to 8 digits"),
        (CODE, "123456789", "FR", "3 to 8 digits"),
        (CODE, "36a11", "FR", "3 to 8 digits"),
        (CODE, "36111", None, "needs its country"),
        (CODE, "36111", "XX", "needs its country"),
        (FREE, "+33700000001", None, "no toll-free number"),
        (FREE, "+12025550123", None, "no toll-free number"),
        (VIRTUAL, "+18005550123", None, "its kind is toll_free"),
        (VIRTUAL, "0612345678", None, "with [+] and country code"),
        (VIRTUAL, "+3312", None, "no possible number"),
        (VIRTUAL, "+", None, "no number"),
        (ProviderSenderKind.SIM, "+33700000001", None, "a SIM is no sender"),
    ],
)
def test_a_wrong_sender_is_told(kind: ProviderSenderKind, text: str, country: str | None, told: str) -> None:
    """With what is wrong, or what is right."""
    with pytest.raises(ValueError, match=told):
        parse_sender(kind, text, country)


@pytest.mark.parametrize(("text", "told"), [("AB", "fewer than 3"), ("A", "fewer than 3"), ("Chez Paul", "a space")])
def test_a_doubtful_name_is_warned_of(text: str, told: str) -> None:
    """It is taken, since some networks take it."""
    (warning,) = parse_sender(NAME, text, allows_spaces=True).warnings
    assert told in warning


def test_where_a_sender_works() -> None:
    """A short code in one country, a toll-free number in two, others anywhere."""
    assert list_countries(parse_sender(CODE, "36111", "FR")) == ("FR",)
    assert list_countries(parse_sender(FREE, "+18005550123")) == ("US", "CA")
    assert list_countries(parse_sender(NAME, "ChezPaul")) is None
    assert list_countries(parse_sender(VIRTUAL, "+33700000001")) is None


def test_who_answers_stop() -> None:
    """The network, for toll-free numbers only."""
    assert [kind for kind in ProviderSenderKind if kind.is_network_answering_stop] == [FREE]
