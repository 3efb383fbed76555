"""Septets in octets."""

from __future__ import annotations

import pytest

from modemd.pdu import pack, pack_ussd, unpack, unpack_ussd
from modemd.pdu.text.alphabet import DEFAULT


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("hellohello", "E8329BFD4697D9EC37", id="ten letters in nine octets"),
        pytest.param("1234567", "31D98C56B3DD00", id="seven letters leave seven bits"),
        pytest.param("1234567@", "31D98C56B3DD00", id="and an eighth that is @ looks the same"),
    ],
)
def test_packing(text: str, octets: str) -> None:
    """Septets fill octets from the lowest bit; only the count tells a final @ from spare bits."""
    septets = DEFAULT.encode(text)
    assert pack(septets).hex().upper() == octets
    assert unpack(bytes.fromhex(octets), len(septets)) == septets


@pytest.mark.parametrize("fill", range(7))
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 160, 255, 256, 257, 600])
def test_every_alignment(count: int, fill: int) -> None:
    """Any count of septets comes back from any first bit, also beyond what a message holds."""
    septets = bytes(number * 37 % 128 for number in range(count))
    octets = pack(septets, fill)
    assert len(octets) == (count * 7 + fill + 7) // 8
    assert unpack(octets, count, fill) == septets


def test_missing_octets_give_fewer_septets() -> None:
    """A count that the octets do not bear out is brought down to what is there."""
    assert unpack(bytes.fromhex("E8329B"), 160) == b"hel"
    assert unpack(b"", 5) == b""


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        pytest.param("*100#", "AA180C3602", id="no spare septet"),
        pytest.param("1234567", "31D98C56B3DD1A", id="seven spare bits hold a carriage return"),
        pytest.param("*100*1#", "AA180CA68A8D1A", id="a menu path of seven letters"),
        pytest.param("1234567\r", "31D98C56B3DD1A0D", id="a wanted return at the end is doubled"),
        pytest.param("12345678", "31D98C56B3DD70", id="eight letters fill seven octets"),
    ],
)
def test_ussd_padding(text: str, octets: str) -> None:
    """A USSD string, which has no count, is padded with a carriage return that its reader takes away."""
    assert pack_ussd(DEFAULT.encode(text)).hex().upper() == octets
    assert DEFAULT.decode(unpack_ussd(bytes.fromhex(octets))) == text
