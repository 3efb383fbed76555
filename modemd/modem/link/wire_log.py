"""The last of what passed between host and modem, kept in memory to be shown when something goes wrong.

Noting costs one entry of a bounded ring; masking waits until somebody reads. What must not even be in memory is not noted:
of a command with a PIN, its digits, and of what the modem says until the next command (its echo), runs of digits.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Literal

from modemd.errors import DecodeError
from modemd.modem.link.masking import Mask
from modemd.pdu import unframe

ENTRIES = 200
LINES = 200
"""Lines that are shown; an entry is a piece of one or more."""
LONGEST_ENTRY = 4096
"""Pieces of a line that come one by one are put together up to here."""

WireDirection = Literal[">", "<"]

_SECRET = re.compile(rb"AT[+^](?:CPIN2?|CPWD|CLCK|EPIN|CPUC)=", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]")
_PIN_LIKE = re.compile(rb"[0-9]{4,}")
_LINE_ENDS = b"\r\n"
_PIECES = re.compile(r"[^\r\n\x1a]+")
_PDU = re.compile(r"[0-9A-Fa-f]{10,}")
LONGEST_IDENTITY = 22
"""Digits of the longest ICCID; a longer run is part of a PDU, also where noise or the ring's end has torn it."""
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
    """A line that passed: `>` to the modem, `<` from it, without what is personal."""

    at: datetime
    direction: WireDirection
    text: str

    def __str__(self) -> str:
        return f"{self.direction} {self.text}"


class WireLog:
    """A ring of the last octets. `written` and `read` are told the loop's time."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque(maxlen=ENTRIES)
        self._secret = False
        self._held = b""  # the beginning of a line that may hold a PIN

    def note_written(self, at: float, octets: bytes) -> None:
        """The host wrote."""
        if self._held:
            self._note(at, "<", _PIN_LIKE.sub(b"*", self._held))
            self._held = b""
        self._secret = _SECRET.match(octets) is not None
        self._note(at, ">", _DIGITS.sub(b"*", octets) if self._secret else octets)

    def note_read(self, at: float, octets: bytes) -> None:
        """The modem wrote."""
        if self._secret:
            octets = self._held + octets
            whole = max(octets.rfind(b"\r"), octets.rfind(b"\n")) + 1
            octets, self._held = _PIN_LIKE.sub(b"*", octets[:whole]), octets[whole:]
        if octets:
            self._note(at, "<", octets)

    def _note(self, at: float, way: WireDirection, octets: bytes) -> None:
        last = self._entries[-1] if self._entries else None
        if (
            last is not None
            and last.direction == way
            and last.octets[-1] not in _LINE_ENDS
            and len(last.octets) + len(octets) <= LONGEST_ENTRY
        ):
            last.octets += octets
        else:
            self._entries.append(_Entry(at, way, octets))

    def list_lines(self, now: datetime, loop_now: float, last: int = LINES) -> list[WireLine]:
        """The last lines, masked. The two times are the same moment, on the wall and on the loop."""
        entries = list(self._entries)
        masked = _mask_entries(entries)
        found = [
            WireLine(now - timedelta(seconds=loop_now - entry.at), entry.direction, line)
            for entry, text in zip(entries, masked, strict=True)
            for line in _show_lines(text, entry.direction)
        ]
        return found[-last:]


def _mask_entries(entries: list[_Entry]) -> list[str]:
    """Each entry with stand-ins in place of numbers, identities and texts: the same for the same number, in both directions."""
    mask = Mask()
    said = [entry for entry in entries if entry.direction == "<"]
    starts = [0, *accumulate(len(entry.octets) for entry in said)]
    describing = list(_mark_describing(entries))
    whole = mask.mask(
        b"".join(entry.octets for entry in said), lambda offset: describing[bisect(starts, offset) - 1]
    ).decode("latin-1")
    read = iter(whole[start:end] for start, end in pairwise(starts))
    return [
        next(read) if entry.direction == "<" else _mask_typed(entry.octets.decode("latin-1"), mask) for entry in entries
    ]


def _mark_describing(entries: list[_Entry]) -> Iterator[bool]:
    """Of each entry that was read, whether it answers a question about model or modes, whose numbers are nobody's."""
    asked = False
    for entry in entries:
        if entry.direction == ">":
            asked = _DESCRIBING.fullmatch(entry.octets.decode("latin-1").strip()) is not None
        else:
            yield asked


def _mask_typed(text: str, mask: Mask) -> str:
    if _PDU.fullmatch(text.strip("\r\n\x1a")):
        return text
    hidden = _TYPED_USSD.sub(lambda found: found[1] + re.sub(r"[^*#]", "x", found[2]), text)
    return _NUMBER.sub(lambda found: mask.mask_digits(found[0]), hidden)


def _show_lines(text: str, way: WireDirection) -> Iterator[str]:
    for piece in _PIECES.findall(text):
        line = piece.strip().replace("\x1b", "ESC")
        if _PDU.fullmatch(line) and not (line.isdecimal() and len(line) <= LONGEST_IDENTITY):
            yield _describe_pdu(line, way)
        elif line:
            yield _printable(_TORN_PDU.sub(lambda run: _describe_octets(run[0]), line))


def _describe_pdu(line: str, way: WireDirection) -> str:
    """What kind of PDU it is and how long; of hex that is none, how long."""
    try:
        _, tpdu = unframe(bytes.fromhex(line))
    except (DecodeError, ValueError):
        return _describe_octets(line)
    return f"({_KINDS[way][tpdu[0] & 3]} of {len(tpdu)} octets)" if tpdu else _describe_octets(line)


def _describe_octets(run: str) -> str:
    return f"({len(run) // 2} octets in hex)"


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else f"\\x{ord(character):02X}" for character in line)
