"""What identifies a person, a SIM or a device is replaced in what a modem said, octet for octet.

The same number gets the same stand-in, in digits, in UCS2 hex and inside PDUs. Nothing changes its length, so that what
is left can be read as before; a check digit that was right is right again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from modemd.at import parse_result
from modemd.errors import DecodeError
from modemd.modem.link import check_digit
from modemd.pdu.explanation import Direction, Explained, explain
from modemd.pdu.fields.address import TypeOfNumber
from modemd.pdu.fields.userdata import count_header_septets
from modemd.pdu.framing import unframe
from modemd.pdu.text.coding import CODINGS, Alphabet
from modemd.pdu.text.septets import pack

TAIL = 7
"""So many digits at a number's end tell it from others, in its international and in its national form."""


IDENTITY_DIGITS = 14
"""A run of at least so many digits is an IMEI, IMSI or ICCID."""


KEPT_OF_IDENTITY = 5
"""Digits at the beginning that stay: of a model, a network, an issuer."""


KEPT_OF_NUMBER = 2


_LINE = re.compile(r"[^\r\n]+")


_RUN = re.compile(r"[0-9]{7,}")


_SURE_RUN = re.compile(r"[0-9]{14,}|(?<=\+)[0-9]{7,}")


_QUOTED_OR_RUN = re.compile(r'"([^"]*)"|[0-9]{7,}')


_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


_UCS2 = re.compile(r"(?:00[0-9A-Fa-f]{2}){3,}")


_CELL = re.compile(r'(?<=[,"\s])[0-9A-Fa-f]{4,8}(?=[",\s]|$)')


_TOLD = re.compile(r"[A-Za-z0-9\x80-\xff]")


_NOTICE = re.compile(r"[+^*#%$&!_][A-Z0-9]+:")


_STAMP = re.compile(r"\d\d/\d\d/\d\d,\d\d:\d\d:\d\d[+-]\d\d")


_STATUSES = frozenset({"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT"})


# The next line is theirs: a PDU, or in text mode a text, which may go on over several lines.
_PDU_HEADERS = ("+CMGR:", "+CMGL:", "+CMT:", "+CDS:", "+CBM:")


# What their quotation marks hold is somebody's number or name.
_PERSONAL = ("+CNUM:", "+CSCA:", "+CLIP:", "+CCWA:", "+COLP:", "+CMGR:", "+CMGL:", "+CMT:", "+CDS:")


_CELLS = ("+CREG:", "+CGREG:", "+CEREG:")


class Mask:
    """The stand-ins of one recording."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._identities: dict[str, str] = {}

    def mask(self, said: bytes, describes: Callable[[int], bool]) -> bytes:
        """All that a modem said, in one piece. `describes` tells of an offset whether its line describes model, software or
        line rates: there, digits are masked only where they are an identity, or behind a plus sign."""
        text = said.decode("latin-1")
        owned = quoting = False

        def line(match: re.Match[str]) -> str:
            nonlocal owned, quoting
            found = match[0]
            if quoting:  # a USSD menu goes on within its quotation marks
                inside, mark, rest = found.partition('"')
                quoting = not mark
                return _cross_out(inside) + mark + rest
            if found.startswith("+CUSD:"):
                quoting = found.count('"') % 2 == 1
                return _mask_ussd(found)
            if owned and parse_result(found) is not None:
                owned = False  # a header that owned nothing, as in the answer to +CMGL=?
            if owned and not _NOTICE.match(found):
                pdu = _HEX.fullmatch(found) is not None
                owned = not pdu
                return mask_pdu(found, self.mask_digits) if pdu else _cross_out(found)
            owned = found.startswith(_PDU_HEADERS)
            if describes(match.start()) and not found.startswith((*_PERSONAL, *_CELLS)):
                return _SURE_RUN.sub(lambda run: self.mask_digits(run[0]), found)
            return self._mask_line(found)

        return _LINE.sub(line, text).encode("latin-1")

    def mask_digits(self, digits: str) -> str:
        """The stand-in of a number or an identity, of the same length."""
        return self._mask_identity(digits) if len(digits) >= IDENTITY_DIGITS else self._mask_number(digits)

    def _mask_line(self, said: str) -> str:
        if said.startswith(_CELLS):
            return _CELL.sub(lambda cell: f"{1:0{len(cell[0])}X}", said)  # it says where the modem stands
        if said.startswith(_PERSONAL):
            return _QUOTED_OR_RUN.sub(self._mask_personal_piece, said)
        return _RUN.sub(lambda run: self.mask_digits(run[0]), said)

    def _mask_personal_piece(self, piece: re.Match[str]) -> str:
        return self.mask_digits(piece[0]) if piece[1] is None else f'"{self._mask_personal(piece[1])}"'

    def _mask_personal(self, text: str) -> str:
        """A number, or a name, in plain characters or in UCS2 hex."""
        if _UCS2.fullmatch(text):
            plain = bytes.fromhex(text).decode("utf-16-be")
            return self._mask_personal(plain).encode("utf-16-be").hex().upper()
        digits = text.removeprefix("+")
        if digits.isdecimal() and digits.isascii():
            return text[: len(text) - len(digits)] + self.mask_digits(digits)
        return text if text in _STATUSES or _STAMP.fullmatch(text) else _cross_out(text)

    def _mask_number(self, digits: str) -> str:
        """A telephone number of up to 13 digits; one of up to seven, a short code perhaps, is replaced whole."""
        tail = digits[-TAIL:]
        if tail not in self._numbers:
            self._numbers[tail] = f"{len(self._numbers) + 1:0{len(tail)}d}"[-len(tail) :]
        head = digits[:-TAIL]
        return head[:KEPT_OF_NUMBER].ljust(len(head), "0") + self._numbers[tail]

    def _mask_identity(self, digits: str) -> str:
        """An IMEI (14 digits, 15 with its check digit, 16 with the software's version), an IMSI, or an ICCID."""
        body = digits[:IDENTITY_DIGITS] if len(digits) <= IDENTITY_DIGITS + 2 else digits[:-1]
        if body not in self._identities:
            count = len(self._identities) + 1
            self._identities[body] = body[:KEPT_OF_IDENTITY] + f"{count:0{len(body) - KEPT_OF_IDENTITY}d}"
        stand_in, rest = self._identities[body], digits[len(body) :]
        if len(rest) != 1:
            return stand_in + "0" * len(rest)
        check = int(check_digit.compute(stand_in))
        return stand_in + str(check if check_digit.compute(body) == rest else (check + 1) % 10)


def _cross_out(text: str) -> str:
    return _TOLD.sub("x", text)


def _mask_ussd(line: str) -> str:
    """A `+CUSD` line whose text, plain, in packed septets or in UCS2 hex, is nothing but x."""
    head, mark, rest = line.partition('"')
    text, end, tail = rest.partition('"')
    if not (len(text) >= 4 and _HEX.fullmatch(text)):
        return head + mark + _cross_out(text) + end + tail
    # A stand-in of hex digits: x in UCS2 where it may be that, else seven-bit x without end.
    pattern = "0078" if len(text) % 4 == 0 and text.startswith(("00", "04", "06")) else "783C1E8FC7E3F1"
    return head + mark + (pattern * len(text))[: len(text)] + end + tail


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
    return b"".join(_mask_fields(rows, stand_in)).hex().upper()


def _mask_fields(rows: list[Explained], stand_in: Callable[[str], str]) -> list[bytes]:
    coding, fill = CODINGS[0], 0
    pieces = []
    for row in rows:
        octets = row.octets
        if row.field in _ADDRESSES:
            octets = _mask_address(octets, stand_in, counts_octets=row.field == "SMSC")
        elif row.field == "TP-DCS":
            coding = CODINGS[octets[0]]
        elif row.field == "UDHL":
            header = octets[0] + 1
            fill = count_header_septets(header) * 7 - header * 8
        elif row.field == "TP-UD":
            octets = _make_crosses(len(octets), coding.packed, coding.alphabet, fill)
        elif row.field == "(behind the PDU)":
            octets = bytes(len(octets))
        pieces.append(octets)
    return pieces


def _make_crosses(length: int, packed: bool, alphabet: Alphabet, fill: int) -> bytes:
    """So many octets of user data that say nothing but x."""
    if packed:
        return pack(b"x" * ((length * 8 - fill) // 7), fill).ljust(length, b"\0")
    return ((b"\0x" if alphabet is Alphabet.UCS2 else b"x") * length)[:length]


def _mask_address(octets: bytes, stand_in: Callable[[str], str], *, counts_octets: bool) -> bytes:
    """Length, type and value (3GPP TS 23.040 9.1.2.5), the value replaced. The service centre's length counts octets."""
    head, value = octets[:2], octets[2:]
    if not value:
        return octets
    if head[1] >> 4 & 7 == TypeOfNumber.ALPHANUMERIC:
        return head + pack(b"x" * (head[0] * 4 // 7)).ljust(len(value), b"\0")
    semi_octets = len(value) * 2 if counts_octets else head[0]
    written = _swap_semi_octets(value.hex())
    digits = written[:semi_octets].rstrip("f")
    masked = stand_in(digits) if digits.isdecimal() else "0" * len(digits)
    return head + bytes.fromhex(_swap_semi_octets(masked + written[len(digits) :]))


def _swap_semi_octets(semi_octets: str) -> str:
    """Each two in the other order, as numbers stand in octets."""
    return "".join(semi_octets[at + 1] + semi_octets[at] for at in range(0, len(semi_octets), 2))
