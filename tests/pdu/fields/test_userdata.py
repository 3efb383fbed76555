"""User data: length, header and payload."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import Coding, Concatenation, Element, LockingShift, Ports, RawElement, SingleShift, UserData
from modemd.pdu.fields.userdata import count_header_septets, decode_text, read_user_data

GSM7, DATA8, UCS2 = Coding.of(0x00), Coding.of(0x04), Coding.of(0x08)

HEADERS = [
    pytest.param((), 160, id="none"),
    pytest.param((Concatenation(1, 2, 1),), 153, id="concatenation 8"),
    pytest.param((Concatenation(1, 2, 1, 16),), 152, id="concatenation 16"),
    pytest.param((SingleShift(1),), 155, id="single shift"),
    pytest.param((SingleShift(1), LockingShift(1)), 152, id="both shifts"),
    pytest.param((Concatenation(1, 2, 1), SingleShift(1)), 149, id="concatenation 8, one shift"),
    pytest.param((Concatenation(1, 2, 1), SingleShift(1), LockingShift(1)), 146, id="concatenation 8, both shifts"),
    pytest.param(
        (Concatenation(1, 2, 1, 16), SingleShift(1), LockingShift(1)), 145, id="concatenation 16, both shifts"
    ),
    pytest.param((Ports(1, 2),), 152, id="ports 16"),
    pytest.param((Ports(1, 2, 8),), 154, id="ports 8"),
    pytest.param((RawElement(0x70, bytes(18)),), 136, id="21 octets, no fill"),
]


@pytest.mark.parametrize(("header", "room"), HEADERS)
def test_every_length_beside_every_header(header: tuple[Element, ...], room: int) -> None:
    """Septets come back at every length and alignment, up to what fits, and not one more."""
    for count in range(room + 1):
        user_data = UserData(bytes((number * 29 + 1) % 128 for number in range(count)), header)
        octets = user_data.encode(GSM7)
        assert octets[0] == count + 160 - room
        assert len(octets) <= 141
        assert read_user_data(octets, 0, GSM7, bool(header)) == user_data
    with pytest.raises(EncodeError, match="160 fit"):
        UserData(bytes(room + 1), header).encode(GSM7)


@pytest.mark.parametrize("coding", [DATA8, UCS2, Coding.of(0x20)], ids=str)
def test_octets_beside_a_header(coding: Coding) -> None:
    """Octets follow the header directly, and 140 are the most."""
    user_data = UserData(bytes(134), (Concatenation(1, 2, 1),))
    octets = user_data.encode(coding)
    assert octets[0] == 140
    assert read_user_data(octets, 0, coding, True) == user_data
    with pytest.raises(EncodeError, match="140 fit"):
        UserData(bytes(135), user_data.header).encode(coding)


def test_a_septet_has_seven_bits() -> None:
    """A byte above 127 is no septet."""
    with pytest.raises(EncodeError, match="above 127"):
        UserData(b"\x80").encode(GSM7)


@pytest.mark.parametrize(
    ("octets", "coding", "has_header", "payload"),
    [
        pytest.param("A0E8329B", GSM7, False, b"hel", id="septets end early"),
        pytest.param("05E8329BFD06FFFF", GSM7, False, b"hello", id="octets behind septets"),
        pytest.param("0A0102", DATA8, False, b"\1\2", id="octets end early"),
        pytest.param("00", GSM7, True, b"", id="a header is said and nothing is there"),
        pytest.param("06FF0003010201", DATA8, True, b"", id="the header runs past the end"),
        pytest.param("050041E19008", DATA8, True, bytes.fromhex("41E19008"), id="an empty header"),
    ],
)
def test_what_is_wrong_is_taken_as_it_is(octets: str, coding: Coding, has_header: bool, payload: bytes) -> None:
    """User data never fails: what is there is read."""
    assert read_user_data(bytes.fromhex(octets), 0, coding, has_header).payload == payload


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        pytest.param("d83dde00", "😀", id="a surrogate pair"),
        pytest.param("feff0041", "A", id="a byte order mark"),
        pytest.param("fffe48006900", "Hi", id="a mark of the other order"),
        pytest.param("fffe53005400", "ST", id="the other order, where both orders are letters"),
        pytest.param("fffe3dd84dde", "\U0001f64d", id="the other order, an emoji"),
        pytest.param("fffe", "", id="a mark alone"),
        pytest.param("0041fffe", "A\ufffe", id="no mark: not in front"),
        pytest.param("004142", "A", id="an odd last octet"),
        pytest.param("d83d0041", "\ufffdA", id="half a pair"),
    ],
)
def test_ucs2(payload: str, text: str) -> None:
    """UCS2 is read as UTF-16, and always as something that can be stored."""
    assert decode_text(UserData(bytes.fromhex(payload)), UCS2) == text


@pytest.mark.parametrize("dcs", [0x04, 0x20, 0x28, 0xF6])
def test_what_is_not_text(dcs: int) -> None:
    """8-bit data and compressed texts have no text."""
    assert decode_text(UserData(b"abc"), Coding.of(dcs)) is None


@pytest.mark.parametrize(("octets", "septets"), [(0, 0), (4, 5), (6, 7), (7, 8), (9, 11), (12, 14), (14, 16), (21, 24)])
def test_septets_covered_by_a_header(octets: int, septets: int) -> None:
    """A header takes whole septets."""
    assert count_header_septets(octets) == septets
