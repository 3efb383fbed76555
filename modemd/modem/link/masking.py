"""Masking of what a modem wrote: replaces all that identifies a person, a SIM or a device, octet for octet.

A number always gets the same stand-in: in digits, in UCS2 hex and inside PDUs. Lengths never change, so that the result can be
parsed as before; a check digit that was right is right again.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

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
"""Digits at the end of a number that tell it from others, in its international and in its national form."""
IDENTITY_DIGITS = 14
"""Digits from which on a run is an IMEI, IMSI or ICCID."""
KEPT_OF_IDENTITY = 5
"""Digits at the beginning of an identity that stay: they name a model, a network or an issuer."""
KEPT_OF_NUMBER = 2
"""Digits at the beginning of a telephone number that stay, if it is longer than TAIL."""

_LINE = re.compile(r"[^\r\n]+")
_RUN = re.compile(r"[0-9]{7,}")
_SURE_RUN = re.compile(r"[0-9]{14,}|(?<=\+)[0-9]{7,}")
_QUOTED_OR_RUN = re.compile(r'"([^"]*)"|[0-9]{7,}')
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_UCS2 = re.compile(r"(?:00[0-9A-Fa-f]{2}){3,}")
_CELL = re.compile(r'(?<=[,"\s])[0-9A-Fa-f]{4,8}(?=[",\s]|$)')
_CHARACTER = re.compile(r"[A-Za-z0-9\x80-\xff]")
_NOTICE = re.compile(r"[+^*#%$&!_][A-Z0-9]+:")
_STAMP = re.compile(r"\d\d/\d\d/\d\d,\d\d:\d\d:\d\d[+-]\d\d")
_STATUSES = frozenset({"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT"})
# Headers of a PDU in the next line, or in text mode of a text, which may have several lines.
_PDU_HEADERS = ("+CMGR:", "+CMGL:", "+CMT:", "+CDS:", "+CBM:")
# Lines whose quoted values are somebody's number or name.
_PERSONAL = ("+CNUM:", "+CSCA:", "+CLIP:", "+CCWA:", "+COLP:", "+CMGR:", "+CMGL:", "+CMT:", "+CDS:")
_CELLS = ("+CREG:", "+CGREG:", "+CEREG:")


class Mask:
    """Stand-ins of one recording."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._identities: dict[str, str] = {}

    def mask(self, text: bytes, describes: Callable[[int], bool]) -> bytes:
        """Returns `text`, all that a modem wrote, with stand-ins. `describes(offset)` is true if the line at that offset
        describes model, software or line rates: there, digits are masked only if they are an identity, or follow a plus
        sign."""
        is_content = is_quoting = False

        def mask_line(match: re.Match[str]) -> str:
            nonlocal is_content, is_quoting
            found = match[0]
            if is_quoting:  # a USSD menu continues until its closing quotation mark
                inside, mark, rest = found.partition('"')
                is_quoting = not mark
                return _cross_out(inside) + mark + rest
            if found.startswith("+CUSD:"):
                is_quoting = found.count('"') % 2 == 1
                return _mask_ussd(found)
            if is_content and parse_result(found) is not None:
                is_content = False  # a header without a PDU, as in the answer to +CMGL=?
            if is_content and not _NOTICE.match(found):
                is_pdu = _HEX.fullmatch(found) is not None
                is_content = not is_pdu
                return mask_pdu(found, self.mask_digits) if is_pdu else _cross_out(found)
            is_content = found.startswith(_PDU_HEADERS)
            if describes(match.start()) and not found.startswith((*_PERSONAL, *_CELLS)):
                return _SURE_RUN.sub(lambda run: self.mask_digits(run[0]), found)
            return self._mask_line(found)

        return _LINE.sub(mask_line, text.decode("latin-1")).encode("latin-1")

    def mask_pieces(self, pieces: Sequence[bytes], describing: Sequence[bool]) -> list[bytes]:
        """Masks a text that came in `pieces`, and returns it in the same pieces. `describing` tells for each piece whether it
        describes model, software or line rates, as in `mask`."""
        starts = [0, *accumulate(map(len, pieces))]
        masked = self.mask(b"".join(pieces), lambda offset: describing[bisect(starts, offset) - 1])
        return [masked[start:end] for start, end in pairwise(starts)]

    def mask_digits(self, digits: str) -> str:
        """Returns the stand-in of a number or an identity; it has the same length."""
        return self._mask_identity(digits) if len(digits) >= IDENTITY_DIGITS else self._mask_number(digits)

    def _mask_line(self, line: str) -> str:
        if line.startswith(_CELLS):
            return _CELL.sub(lambda cell: f"{1:0{len(cell[0])}X}", line)  # a cell's number tells where the modem is
        if line.startswith(_PERSONAL):
            return _QUOTED_OR_RUN.sub(self._mask_personal_piece, line)
        return _RUN.sub(lambda run: self.mask_digits(run[0]), line)

    def _mask_personal_piece(self, piece: re.Match[str]) -> str:
        return self.mask_digits(piece[0]) if piece[1] is None else f'"{self._mask_personal(piece[1])}"'

    def _mask_personal(self, text: str) -> str:
        """Masks a number or a name, in plain characters or in UCS2 hex."""
        if _UCS2.fullmatch(text):
            plain = bytes.fromhex(text).decode("utf-16-be")
            return self._mask_personal(plain).encode("utf-16-be").hex().upper()
        digits = text.removeprefix("+")
        if digits.isdecimal() and digits.isascii():
            return text[: len(text) - len(digits)] + self.mask_digits(digits)
        return text if text in _STATUSES or _STAMP.fullmatch(text) else _cross_out(text)

    def _mask_number(self, digits: str) -> str:
        """Masks a telephone number of up to 13 digits. One of up to seven, which may be a short code, is replaced whole."""
        tail = digits[-TAIL:]
        if tail not in self._numbers:
            self._numbers[tail] = f"{len(self._numbers) + 1:0{len(tail)}d}"[-len(tail) :]
        head = digits[:-TAIL]
        return head[:KEPT_OF_NUMBER].ljust(len(head), "0") + self._numbers[tail]

    def _mask_identity(self, digits: str) -> str:
        """Masks an IMEI (14 digits; 15 with its check digit, 16 with the software's version), an IMSI, or an ICCID."""
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
    return _CHARACTER.sub("x", text)


def _mask_ussd(line: str) -> str:
    """Returns a `+CUSD` line whose text, plain, in packed septets or in UCS2 hex, is replaced with x."""
    head, mark, rest = line.partition('"')
    text, end, tail = rest.partition('"')
    if not (len(text) >= 4 and _HEX.fullmatch(text)):
        return head + mark + _cross_out(text) + end + tail
    # A stand-in of hex digits: x in UCS2 if the text may be UCS2, else x in packed septets.
    pattern = "0078" if len(text) % 4 == 0 and text.startswith(("00", "04", "06")) else "783C1E8FC7E3F1"
    return head + mark + (pattern * len(text))[: len(text)] + end + tail


_ADDRESSES = frozenset({"SMSC", "TP-OA", "TP-DA", "TP-RA"})


def mask_pdu(line: str, stand_in: Callable[[str], str]) -> str:
    """Returns the PDU of a line in hex, as a modem writes it, with `stand_in` applied to each number. All zeros if it cannot
    be decoded."""
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
    """Returns so many octets of user data that decode to x only."""
    if packed:
        return pack(b"x" * ((length * 8 - fill) // 7), fill).ljust(length, b"\0")
    return ((b"\0x" if alphabet is Alphabet.UCS2 else b"x") * length)[:length]


def _mask_address(octets: bytes, stand_in: Callable[[str], str], *, counts_octets: bool) -> bytes:
    """Masks the value of an address: length, type and value (3GPP TS 23.040 9.1.2.5). The length of a service centre counts
    octets."""
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
    """Swaps each two digits, as numbers are stored in octets."""
    return "".join(semi_octets[at + 1] + semi_octets[at] for at in range(0, len(semi_octets), 2))
