"""A PDU without what is personal in it: numbers have their stand-ins, names and texts are x. Its length stays."""

from __future__ import annotations

from collections.abc import Callable

from modemd.errors import DecodeError
from modemd.pdu.explanation import Direction, Explained, explain
from modemd.pdu.fields.address import TypeOfNumber
from modemd.pdu.fields.userdata import covered
from modemd.pdu.framing import unframe
from modemd.pdu.text.coding import CODINGS, Alphabet
from modemd.pdu.text.septets import pack

_ADDRESSES = frozenset({"SMSC", "TP-OA", "TP-DA", "TP-RA"})


def mask_pdu(line: str, stand_in: Callable[[str], str]) -> str:
    """The PDU of a line in hex, as a modem says it, with `stand_in` for each number. All zeros where it cannot be read."""
    octets = bytes.fromhex(line)
    try:
        _, tpdu = unframe(octets)
        # A modem hands over no SUBMIT-REPORT: what has its type is a SUBMIT that somebody stored.
        direction = Direction.OUTGOING if tpdu and tpdu[0] & 3 == 1 else Direction.INCOMING
        rows = explain(octets, direction)
    except DecodeError:
        return "0" * len(line)
    return b"".join(_masked(rows, stand_in)).hex().upper()


def _masked(rows: list[Explained], stand_in: Callable[[str], str]) -> list[bytes]:
    coding, fill = CODINGS[0], 0
    pieces = []
    for row in rows:
        octets = row.octets
        if row.field in _ADDRESSES:
            octets = _address(octets, stand_in, counts_octets=row.field == "SMSC")
        elif row.field == "TP-DCS":
            coding = CODINGS[octets[0]]
        elif row.field == "UDHL":
            header = octets[0] + 1
            fill = covered(header) * 7 - header * 8
        elif row.field == "TP-UD":
            octets = _crosses(len(octets), coding.packed, coding.alphabet, fill)
        elif row.field == "(behind the PDU)":
            octets = bytes(len(octets))
        pieces.append(octets)
    return pieces


def _crosses(length: int, packed: bool, alphabet: Alphabet, fill: int) -> bytes:
    """So many octets of user data that say nothing but x."""
    if packed:
        return pack(b"x" * ((length * 8 - fill) // 7), fill).ljust(length, b"\0")
    return ((b"\0x" if alphabet is Alphabet.UCS2 else b"x") * length)[:length]


def _address(octets: bytes, stand_in: Callable[[str], str], *, counts_octets: bool) -> bytes:
    """Length, type and value (3GPP TS 23.040 9.1.2.5), the value replaced. The service centre's length counts octets."""
    head, value = octets[:2], octets[2:]
    if not value:
        return octets
    if head[1] >> 4 & 7 == TypeOfNumber.ALPHANUMERIC:
        return head + pack(b"x" * (head[0] * 4 // 7)).ljust(len(value), b"\0")
    semi_octets = len(value) * 2 if counts_octets else head[0]
    written = _swapped(value.hex())
    digits = written[:semi_octets].rstrip("f")
    masked = stand_in(digits) if digits.isdecimal() else "0" * len(digits)
    return head + bytes.fromhex(_swapped(masked + written[len(digits) :]))


def _swapped(semi_octets: str) -> str:
    """Each two in the other order, as numbers stand in octets."""
    return "".join(semi_octets[at + 1] + semi_octets[at] for at in range(0, len(semi_octets), 2))
