"""Strings by the character set of +CSCS."""

from __future__ import annotations

import pytest

from modemd.modem.link.charset import decode_number, decode_string, encode_string


@pytest.mark.parametrize(
    ("string", "charset", "text"),
    [
        ("0054006500730074006E00650074", "UCS2", "Testnet"),
        ("0054006500730074006E00650074", "GSM", "0054006500730074006E00650074"),
        ("0054006500730074006E00650074", None, "0054006500730074006E00650074"),
        ("Testnet", "UCS2", "Testnet"),
        ("20801", "UCS2", "20801"),
        ("0000", "UCS2", "0000"),
        ("54657374", "HEX", "Test"),
        ("Telef\x05nica", "GSM", "Telef\u00e9nica"),
        ("Testnet", "IRA", "Testnet"),
    ],
)
def test_a_name_is_decoded(string: str, charset: str | None, text: str) -> None:
    """By the set that the modem is in (27.007 5.5); what cannot be in it is taken as it is."""
    assert decode_string(string, charset) == text


@pytest.mark.parametrize(
    ("string", "charset", "number"),
    [
        ("002B00330033003600300039003000300031003300390030", "UCS2", "+33609001390"),
        ("+33609001390", "UCS2", "+33609001390"),
        ("336090013901", "UCS2", "336090013901"),
        ("2B3333363039", "HEX", "+33609"),
        ("12345678", "GSM", "12345678"),
    ],
)
def test_a_number_is_decoded(string: str, charset: str, number: str) -> None:
    """Plain digits stay, also in UCS2, whatever characters their hex would be."""
    assert decode_number(string, charset) == number


@pytest.mark.parametrize("charset", ["UCS2", "HEX", "GSM", "IRA", None])
def test_what_is_written_reads_back(charset: str | None) -> None:
    """A service centre is written as the modem reads it."""
    assert decode_number(encode_string("+33609001390", charset), charset) == "+33609001390"
