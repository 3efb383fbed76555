from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.smpp.addresses import (
    AddressKind,
    Numbering,
    SmppAddress,
    decode_address,
    encode_address,
    encode_recipient,
)

FORMS = [
    pytest.param("+447700900123", "447700900123", 1, 1, id="international"),
    pytest.param("12345", "12345", 3, 0, id="short code"),
    pytest.param("MyBank", "MyBank", 5, 0, id="name"),
    pytest.param("My Bank 24", "My Bank 24", 5, 0, id="name with blanks and digits"),
]


@pytest.mark.parametrize(("text", "value", "ton", "npi"), FORMS)
def test_addresses_go_and_come(text: str, value: str, ton: int, npi: int) -> None:
    """TON and NPI by kind, no plus sign on the wire, and back."""
    address = encode_address(text)
    assert address == SmppAddress(value, Numbering(ton, npi))
    assert decode_address(address) == text


@pytest.mark.parametrize(
    "text", ["", "+", "+0123456789", "+1234567890123456", "12", "123456789", "TwelveLetter", "Zürich", " Bank", "…"]
)
def test_other_texts_are_refused(text: str) -> None:
    """Neither number, short code nor name."""
    with pytest.raises(EncodeError):
        encode_address(text)


def test_a_route_has_numberings_of_its_own() -> None:
    """For the kinds that it names; the others are as by default."""
    own = {AddressKind.SHORT_CODE: Numbering(6, 0), AddressKind.INTERNATIONAL: Numbering(2, 8)}
    assert encode_address("12345", own).numbering == Numbering(6, 0)
    assert encode_address("+447700900123", own) == SmppAddress("447700900123", Numbering(2, 8))
    assert encode_address("MyBank", own).numbering == Numbering(5, 0)
    assert decode_address(SmppAddress("447700900123", Numbering(2, 8)), own) == "+447700900123"
    assert decode_address(SmppAddress("447700900123", Numbering(2, 8))) == "447700900123"


def test_nobody_receives_under_a_name() -> None:
    """A recipient is a number or a short code."""
    assert encode_recipient("+447700900123").value == "447700900123"
    assert encode_recipient("12345").value == "12345"
    with pytest.raises(EncodeError, match="destination_addr"):
        encode_recipient("MyBank")


@pytest.mark.parametrize(
    ("value", "ton", "npi", "text"),
    [
        pytest.param("+447700900123", 1, 1, "+447700900123", id="a plus sign on the wire"),
        pytest.param("447700900123", 0, 0, "+447700900123", id="long, without a type"),
        pytest.param("07700900123", 0, 1, "07700900123", id="national, without a type"),
        pytest.param("07700900123", 2, 1, "07700900123", id="national"),
        pytest.param("12345678", 0, 0, "12345678", id="short, without a type"),
        pytest.param("123", 1, 1, "+123", id="short, but called international"),
        pytest.param("4477", 5, 0, "4477", id="a name of digits"),
        pytest.param("My_B@nk", 0, 0, "My_B@nk", id="a name without a type"),
        pytest.param("", 1, 1, "", id="empty"),
        pytest.param("4477x", 1, 1, "4477x", id="no digits"),
        pytest.param("447700900123", 255, 255, "447700900123", id="a type that nobody knows"),
    ],
)
def test_whatever_comes_is_read(value: str, ton: int, npi: int, text: str) -> None:
    """Never an error; a plus sign only where the number is international."""
    assert decode_address(SmppAddress(value, Numbering(ton, npi))) == text
