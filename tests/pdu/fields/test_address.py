"""Addresses."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import Address, NumberingPlan, TypeOfNumber, unframe
from modemd.pdu.fields.address import read_address


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        pytest.param("+447700900123", "0C91447700091032", id="international, even"),
        pytest.param("+46707123456", "0B916407173254F6", id="international, odd"),
        pytest.param("12345", "05812143F5", id="short code"),
        pytest.param("*100#", "05811A00FB", id="star and hash"),
        pytest.param("MyBank", "0BD0CDBC30EC5E03", id="six letters"),
        pytest.param("MyBank1", "0DD0CDBC30EC5EC700", id="seven letters"),
        pytest.param("MyBank12", "0ED0CDBC30EC5EC764", id="eight letters"),
        pytest.param("InfoSMSPlus", "14D049B7F93D6D4EA1ECFA1C", id="eleven letters"),
    ],
)
def test_what_people_write(text: str, octets: str) -> None:
    """A number or a name is written as an address and read back as it was."""
    address = Address.parse(text)
    assert address.encode().hex().upper() == octets
    assert read_address(address.encode(), 0, "TP-DA") == (address, len(address.encode()))
    assert str(address) == text


@pytest.mark.parametrize("letters", range(1, 12))
def test_names_of_every_length(letters: int) -> None:
    """A name of 1 to 11 letters comes back without a letter more or less."""
    address = Address.parse("MyBank12345"[:letters])
    assert read_address(address.encode(), 0, "TP-OA")[0].value == "MyBank12345"[:letters]


def test_seven_letters_sent_with_the_length_of_eight() -> None:
    """Some networks count spare bits as a letter: the @ they make is taken off."""
    assert read_address(bytes.fromhex("0ED0CDBC30EC5EC700"), 0, "TP-OA")[0].value == "MyBank1"


@pytest.mark.parametrize("octets", ["0081", "00D0"])
def test_empty_sender(octets: str) -> None:
    """A sender without digits or letters is an empty one."""
    address, end = read_address(bytes.fromhex(octets), 0, "TP-OA")
    assert (address.value, end) == ("", 2)


def test_filler_that_is_counted_is_dropped() -> None:
    """A length that counts the filler gives the digits all the same."""
    assert read_address(bytes.fromhex("06812143F5"), 0, "TP-OA")[0].value == "12345"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "neither", id="nothing"),
        pytest.param("+", "plus sign", id="a plus alone"),
        pytest.param("+44 7700", "plus sign", id="a space"),
        pytest.param("+123456789012345678901", "20 digits", id="21 digits, international"),
        pytest.param("123456789012345678901", "20 are the most", id="21 digits"),
        pytest.param("+١٢٣", "plus sign", id="digits of another script"),
        pytest.param("A name too long", "11 are the most", id="15 letters"),
        pytest.param("{{{{{{", "12 septets", id="letters of two septets"),
        pytest.param("Банк", "not in the GSM", id="letters of another alphabet"),
        pytest.param("MyBank1@", "padding", id="an eighth letter @"),
    ],
)
def test_what_is_no_address(text: str, reason: str) -> None:
    """What cannot be an address is refused with the reason."""
    with pytest.raises(EncodeError, match=reason):
        Address.parse(text)


def test_digits_are_checked_when_written() -> None:
    """An address made by hand cannot carry letters as digits."""
    with pytest.raises(EncodeError, match="has characters other than digits"):
        Address("12x", TypeOfNumber.UNKNOWN).encode()


def test_service_centre_counts_octets() -> None:
    """The service centre's length is in octets, its type octet among them; it has no name."""
    smsc = Address.parse("+447785016005")
    octets = smsc.encode_smsc()
    assert octets.hex() == "0791447758100650"
    assert unframe(octets) == (smsc, b"")
    with pytest.raises(EncodeError, match="not a name"):
        Address("MyBank", TypeOfNumber.ALPHANUMERIC, NumberingPlan.UNKNOWN).encode_smsc()
