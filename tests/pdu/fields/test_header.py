"""User data headers."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import (
    Concatenation,
    Element,
    LockingShift,
    Ports,
    RawElement,
    SingleShift,
    SpecialIndication,
    TornElement,
    Waiting,
)
from modemd.pdu.fields.header import encode_header, find_last, read_header


@pytest.mark.parametrize(
    ("octets", "elements"),
    [
        pytest.param("00037b0201", (Concatenation(0x7B, 2, 1),), id="concatenation, 8 bit"),
        pytest.param("080412340202", (Concatenation(0x1234, 2, 2, 16),), id="concatenation, 16 bit"),
        pytest.param("0402e2f0", (Ports(226, 240, 8),), id="ports, 8 bit"),
        pytest.param("05040b8423f0", (Ports(2948, 9200),), id="ports, 16 bit"),
        pytest.param("240101", (SingleShift(1),), id="single shift"),
        pytest.param("25010d", (LockingShift(13),), id="locking shift"),
        pytest.param("01028003", (SpecialIndication(0x80, 3),), id="messages waiting"),
        pytest.param("0a03000410", (RawElement(0x0A, bytes.fromhex("000410")),), id="formatting is kept"),
        pytest.param("05040b8423f000037b0201", (Ports(2948, 9200), Concatenation(0x7B, 2, 1)), id="two elements"),
        pytest.param("00037b0001", (RawElement(0, b"\x7b\0\1"),), id="part 1 of 0 has no effect"),
        pytest.param("00037b0203", (RawElement(0, b"\x7b\2\3"),), id="part 3 of 2 has no effect"),
        pytest.param("00037b0200", (RawElement(0, b"\x7b\2\0"),), id="part 0 has no effect"),
        pytest.param("00027b02", (RawElement(0, b"\x7b\2"),), id="a wrong length has no effect"),
        pytest.param("24010100", (SingleShift(1), TornElement(b"\0")), id="an identifier alone"),
        pytest.param("0003", (TornElement(b"\0\3"),), id="cut before its data"),
        pytest.param("00037b", (TornElement(b"\0\3\x7b"),), id="cut in its data"),
    ],
)
def test_elements(octets: str, elements: tuple[Element, ...]) -> None:
    """Every element is kept, in order and typed where it says what its type needs, and written again the same."""
    assert read_header(bytes.fromhex(octets)) == elements
    assert encode_header(elements)[1:].hex() == octets


def test_the_last_of_a_kind_counts() -> None:
    """Where an element is repeated the last one has effect."""
    header = (Concatenation(1, 2, 1), SingleShift(1), Concatenation(2, 3, 2, 16))
    assert find_last(header, Concatenation) == Concatenation(2, 3, 2, 16)
    assert find_last(header, Ports) is None


def test_special_indication_says_what_waits() -> None:
    """The indication octet holds the kind of message and what becomes of this one."""
    element = SpecialIndication(0x82, 4)
    assert (element.waiting, element.store) == (Waiting.EMAIL, True)


@pytest.mark.parametrize(
    "element",
    [
        Concatenation(1, 2, 3),
        Concatenation(1, 0, 0),
        Concatenation(256, 2, 1),
        Concatenation(0x10000, 2, 1, 16),
        Concatenation(1, 2, 1, 9),
        Ports(256, 0, 8),
        Ports(1, 2, 4),
        SingleShift(256),
        SpecialIndication(0, 256),
        RawElement(0x00, b"\1\2\1"),
        RawElement(0x0A, bytes(256)),
        TornElement(b""),
        TornElement(b"\x0a\1\0"),
    ],
    ids=repr,
)
def test_what_no_element_can_say(element: Element) -> None:
    """An element that cannot be written, or would be read as another, is refused."""
    with pytest.raises(EncodeError):
        element.encode()


def test_a_header_has_an_end() -> None:
    """More than 139 octets of elements, or an element behind a torn one, are refused."""
    with pytest.raises(EncodeError, match="139 fit"):
        encode_header((RawElement(0x70, bytes(138)),))
    with pytest.raises(EncodeError, match="torn"):
        encode_header((TornElement(b"\0"), SingleShift(1)))
