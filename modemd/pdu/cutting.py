"""Where an encoded text may be cut, and how much goes into a part (3GPP TS 23.040 9.2.3.24.1).

A part never ends inside an escape pair or a surrogate pair. It does not end inside a combined character (emoji sequence,
letter and accent) either, where that costs no extra part.
"""

from __future__ import annotations

from collections.abc import Collection

from modemd.errors import EncodeError
from modemd.pdu.alphabet import ESCAPE
from modemd.pdu.coding import Alphabet
from modemd.pdu.header import Element
from modemd.pdu.userdata import MOST_OCTETS, MOST_SEPTETS, covered

MOST_PARTS = 255

# Enum members as module names: reading one off its class takes longer than a part of what is done here.
_GSM7, _UCS2 = Alphabet.GSM7, Alphabet.UCS2
_CONCATENATION_OCTETS = {8: 5, 16: 6}


def room_beside(alphabet: Alphabet, element_octets: int) -> int:
    """Bytes of payload that fit beside a header with so many octets of elements (a byte holds one septet)."""
    header = element_octets + 1 if element_octets else 0
    if alphabet is _GSM7:
        return MOST_SEPTETS - covered(header)
    octets = MOST_OCTETS - header
    return octets & ~1 if alphabet is _UCS2 else octets


class Body:
    """A whole encoded text. Positions are offsets into `payload`.

    `header` are the elements that every part carries besides the concatenation. `room` is what fits into a part.
    """

    __slots__ = ("alphabet", "header", "one_part", "payload", "reference_width", "room")

    def __init__(
        self, alphabet: Alphabet, payload: bytes, reference_width: int, header: tuple[Element, ...] = ()
    ) -> None:
        self.alphabet = alphabet
        self.payload = payload
        self.reference_width = reference_width
        self.header = header
        extra = sum([len(element.encode()) for element in header]) if header else 0
        self.room = room = room_beside(alphabet, extra)
        self.one_part = len(payload) <= room
        if not self.one_part:
            if reference_width not in _CONCATENATION_OCTETS:
                raise EncodeError("UDH", f"a concatenation reference of {reference_width} bits")
            self.room = room_beside(alphabet, extra + _CONCATENATION_OCTETS[reference_width])
            if self.room < 4:  # two octets short of an escape pair or a surrogate pair beside another character
                raise EncodeError("UDH", f"{extra} octets of header elements leave no room for text")

    def count(self, start: int = 0) -> int:
        """Parts needed from `start` on, at least one for a whole text."""
        parts = 0
        while start < len(self.payload):
            start = self._cut(start)
            parts += 1
        return parts or 1

    def payloads(self, inner: Collection[int] = ()) -> list[bytes]:
        """The parts. `inner` are positions better not cut at. EncodeError where they are more than 255."""
        if self.one_part:
            return [self.payload]
        left = self.count()
        if left > MOST_PARTS:
            raise EncodeError("TP-UD", f"{left} parts; {MOST_PARTS} are the most")
        found, start = [], 0
        while start < len(self.payload):
            left -= 1
            end = self._cut(start)
            if end in inner:
                end = self._kinder_cut(start, end, inner, left)
            found.append(self.payload[start:end])
            start = end
        return found

    def _cut(self, start: int) -> int:
        """The end of the fullest part from `start` on that tears no pair."""
        end = start + self.room
        if end >= len(self.payload):
            return len(self.payload)
        return end if not self._tears(end) else end - (2 if self.alphabet is _UCS2 else 1)

    def _tears(self, at: int) -> bool:
        """Whether a cut here parts an escape from its code, or a surrogate from its other half."""
        if self.alphabet is _GSM7:
            return self.payload[at - 1] == ESCAPE
        return self.alphabet is _UCS2 and 0xDC <= self.payload[at] <= 0xDF

    def _kinder_cut(self, start: int, end: int, inner: Collection[int], left: int) -> int:
        """Before the combined character that a cut at `end` parts, where the rest still fits into `left` parts."""
        step = 2 if self.alphabet is _UCS2 else 1
        earlier = end
        while earlier > start and (earlier in inner or self._tears(earlier)):
            earlier -= step
        return earlier if earlier > start and self.count(earlier) <= left else end
