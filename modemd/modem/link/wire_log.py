"""Wire log: the last bytes that passed between host and modem, kept in memory and shown when something goes wrong.

Noting costs one entry in a bounded ring; masking is done only when somebody reads. Secrets are not even kept in memory: of a
command with a PIN, the digits are replaced, and in everything the modem writes until the next command (the echo), runs of
digits.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.modem.link.masking import Mask
from modemd.pdu import unframe

ENTRIES = 200
LINES = 200
"""Number of lines that are shown. An entry of the ring is a piece of one line, or several lines."""
LONGEST_ENTRY = 4096
"""Octets up to which pieces of a line that come one by one are joined."""

WireDirection = Literal[">", "<"]

_SECRET = re.compile(rb"AT[+^](?:CPIN2?|CPWD|CLCK|EPIN|CPUC)=", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]")
_PIN_LIKE = re.compile(rb"[0-9]{4,}")
_LINE_ENDS = b"\r\n"
_PIECES = re.compile(r"[^\r\n\x1a]+")
_PDU = re.compile(r"[0-9A-Fa-f]{10,}")
LONGEST_IDENTITY = 22
"""Digits of the longest ICCID. A longer run of digits is part of a PDU, even if noise or the end of the ring has cut it."""
_TORN_PDU = re.compile(rf"[0-9A-Fa-f]{{{LONGEST_IDENTITY + 1},}}")
_TYPED_USSD = re.compile(r'(AT\+CUSD=\d,")([^"]*)', re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{7,}")
_DESCRIBING = re.compile(r"AT(?:I|\+C?GM[IMR]|\+GCAP)", re.IGNORECASE)
_KINDS = {
    ">": ("DELIVER-REPORT", "SUBMIT", "COMMAND", "reserved"),
    "<": ("DELIVER", "SUBMIT", "STATUS-REPORT", "reserved"),
}


@dataclass(slots=True)
class _Entry:
    at: float
    direction: WireDirection
    octets: bytes


@dataclass(frozen=True, slots=True)
class WireLine:
    """Line that passed, without personal data: `>` to the modem, `<` from it."""

    at: datetime
    direction: WireDirection
    text: str

    def __str__(self) -> str:
        return f"{self.direction} {self.text}"


class WireLog:
    """Ring of the last octets that passed. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque(maxlen=ENTRIES)
        self._is_secret = False
        self._unfinished = b""  # the beginning of a line that may have a PIN in it

    def note_written(self, at: float, octets: bytes) -> None:
        """Notes octets that the host wrote."""
        if self._unfinished:
            self._note(at, "<", _PIN_LIKE.sub(b"*", self._unfinished))
            self._unfinished = b""
        self._is_secret = _SECRET.match(octets) is not None
        self._note(at, ">", _DIGITS.sub(b"*", octets) if self._is_secret else octets)

    def note_read(self, at: float, octets: bytes) -> None:
        """Notes octets that the modem wrote."""
        if self._is_secret:
            octets = self._unfinished + octets
            line_end = max(octets.rfind(b"\r"), octets.rfind(b"\n")) + 1
            octets, self._unfinished = _PIN_LIKE.sub(b"*", octets[:line_end]), octets[line_end:]
        if octets:
            self._note(at, "<", octets)

    def _note(self, at: float, direction: WireDirection, octets: bytes) -> None:
        last = self._entries[-1] if self._entries else None
        if (
            last is not None
            and last.direction == direction
            and last.octets[-1] not in _LINE_ENDS
            and len(last.octets) + len(octets) <= LONGEST_ENTRY
        ):
            last.octets += octets
        else:
            self._entries.append(_Entry(at, direction, octets))

    def list_lines(self, now: datetime, loop_now: float, last: int = LINES) -> list[WireLine]:
        """Returns the last lines, masked. `now` and `loop_now` are the same moment, by the wall clock and by the loop."""
        entries = list(self._entries)
        masked = _mask_entries(entries)
        found = [
            WireLine(now - timedelta(seconds=loop_now - entry.at), entry.direction, line)
            for entry, text in zip(entries, masked, strict=True)
            for line in _show_lines(text, entry.direction)
        ]
        return found[-last:]


def _mask_entries(entries: list[_Entry]) -> list[str]:
    """Returns the text of each entry, with stand-ins for numbers, identities and texts. A number has the same stand-in in
    both directions."""
    mask = Mask()
    read = [entry.octets for entry in entries if entry.direction == "<"]
    masked = (piece.decode("latin-1") for piece in mask.mask_pieces(read, list(_mark_describing(entries))))
    return [
        next(masked) if entry.direction == "<" else _mask_typed(entry.octets.decode("latin-1"), mask)
        for entry in entries
    ]


def _mark_describing(entries: list[_Entry]) -> Iterator[bool]:
    """Tells for each entry that was read whether it answers a question about model or modes, whose numbers belong to nobody."""
    is_describing = False
    for entry in entries:
        if entry.direction == ">":
            is_describing = _DESCRIBING.fullmatch(entry.octets.decode("latin-1").strip()) is not None
        else:
            yield is_describing


def _mask_typed(text: str, mask: Mask) -> str:
    if _PDU.fullmatch(text.strip("\r\n\x1a")):
        return text
    hidden = _TYPED_USSD.sub(lambda found: found[1] + re.sub(r"[^*#]", "x", found[2]), text)
    return _NUMBER.sub(lambda found: mask.mask_digits(found[0]), hidden)


def _show_lines(text: str, direction: WireDirection) -> Iterator[str]:
    for piece in _PIECES.findall(text):
        line = piece.strip().replace("\x1b", "ESC")
        if _PDU.fullmatch(line) and not (line.isdecimal() and len(line) <= LONGEST_IDENTITY):
            yield _describe_pdu(line, direction)
        elif line:
            yield _printable(_TORN_PDU.sub(lambda run: _describe_octets(run[0]), line))


def _describe_pdu(line: str, direction: WireDirection) -> str:
    """Returns the kind and length of a PDU; of other hex, the length only."""
    try:
        _, tpdu = unframe(bytes.fromhex(line))
    except (DecodeError, ValueError):
        return _describe_octets(line)
    return f"({_KINDS[direction][tpdu[0] & 3]} of {len(tpdu)} octets)" if tpdu else _describe_octets(line)


def _describe_octets(run: str) -> str:
    return f"({len(run) // 2} octets in hex)"


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else f"\\x{ord(character):02X}" for character in line)
