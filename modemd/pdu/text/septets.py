"""Packing of septets into octets, for the GSM 7 bit alphabet (3GPP TS 23.038 6.1.2).

Unpacked, there is one septet in each byte, 0 to 127. Packed, they fill octets from the least significant bit: octet 0 has
septet 0 and the low bit of septet 1. Eight septets are seven octets.

Packing is arithmetic on one large integer whose bytes are lanes. Three steps close the gaps: lanes of 7 bits pair up to 14
in 16, those to 28 in 32, those to 56 in 64; then every eighth octet is empty and is left out. Unpacking does the reverse, from
112 in 128: one more step of arithmetic costs less than inserting every empty octet.
"""

from __future__ import annotations

from struct import Struct

_RETURN = b"\r"
_BLOCK = 256  # septets packed at a time, a multiple of 8; user data never has more


def _lanes(low: int, width: int) -> int:
    """Returns `low` repeated in every lane of `width` octets."""
    return int.from_bytes(low.to_bytes(width, "little") * (_BLOCK // width), "little")


_ODD_7 = _lanes(0x7F00, 2)
_EVEN_14, _ODD_14 = _lanes(0x3FFF, 4), _lanes(0x3FFF0000, 4)
_EVEN_28, _ODD_28 = _lanes(0x0FFFFFFF, 8), _lanes(0x0FFFFFFF00000000, 8)
_CLOSED_7, _CLOSED_14, _CLOSED_28 = _lanes(0x3F80, 2), _lanes(0x0FFFC000, 4), _lanes(0x00FFFFFFF0000000, 8)
_CLOSED_56 = _lanes(0x0000FFFFFFFFFFFFFF00000000000000, 16)

_fourteens = tuple(Struct("14s" * groups).unpack for groups in range(_BLOCK // 16 + 1))
_number = int.from_bytes


def packed_length(count: int) -> int:
    """Returns the octets that `count` septets fill."""
    return (count * 7 + 7) // 8


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Packs septets, one in each byte (below 128), into octets. The first starts `fill` bits (0 to 6) into the first octet."""
    count = len(septets)
    if fill:
        value = _number(pack(septets), "little") << fill
        return value.to_bytes((count * 7 + fill + 7) // 8, "little")
    if count > _BLOCK:
        return b"".join(pack(septets[at : at + _BLOCK]) for at in range(0, count, _BLOCK))
    value = _number(septets, "little")
    value -= (value & _ODD_7) >> 1  # 256 times a septet, less 128 times it, is 128 times it
    value = (value & _EVEN_14) | ((value & _ODD_14) >> 2)
    value = (value & _EVEN_28) | ((value & _ODD_28) >> 4)
    octets = bytearray(value.to_bytes((count + 7) & ~7, "little"))
    del octets[7::8]
    return bytes(octets[: (count * 7 + 7) // 8])


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """Returns the first `count` septets of `octets`, one in each byte; fewer if the octets end. `fill` is as in :func:`pack`."""
    groups = (count + 15) // 16
    if fill or groups * 14 != len(octets):
        available = (len(octets) * 8 - fill) // 7
        if count > available:
            count = available
            groups = (count + 15) // 16
        if fill:
            octets = (_number(octets, "little") >> fill).to_bytes(len(octets), "little")
        octets = octets[: groups * 14].ljust(groups * 14, b"\0")
    if count > _BLOCK:
        step = packed_length(_BLOCK)
        return b"".join(unpack(octets[at : at + step], _BLOCK) for at in range(0, len(octets), step))[:count]
    value = _number(b"\0\0".join(_fourteens[groups](octets)), "little")
    # Each step moves every other lane up. The lane is in the sum already, so the move is an addition.
    value += (value & _CLOSED_56) * 255
    value += (value & _CLOSED_28) * 15
    value += (value & _CLOSED_14) * 3
    value += value & _CLOSED_7
    return value.to_bytes(groups * 16, "little")[:count]


def pack_ussd(septets: bytes) -> bytes:
    """Packs septets that are sent without their count: USSD and cell broadcast (3GPP TS 23.038 6.1.2.3.1).

    Seven spare bits would be read as a final `@`, so they become a carriage return; a text that ends in a carriage return on
    an octet boundary gets a second one, because the receiver removes one.
    """
    if len(septets) % 8 == 7 or (len(septets) % 8 == 0 and septets[-1:] == _RETURN):
        septets += _RETURN
    return pack(septets)


def unpack_ussd(octets: bytes) -> bytes:
    """Unpacks a USSD or cell broadcast string: all septets that fit, without the carriage return that :func:`pack_ussd` adds."""
    septets = unpack(octets, len(octets) * 8 // 7)
    return (
        septets[:-1] if septets[-1:] == _RETURN and (len(septets) % 8 == 0 or _has_double_return(septets)) else septets
    )


def _has_double_return(septets: bytes) -> bool:
    return len(septets) % 8 == 1 and septets[-2:-1] == _RETURN
