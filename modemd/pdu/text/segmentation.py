"""Segmentation of a text into the user data of parts: chooses alphabet, tables and cuts (3GPP TS 23.038 6)."""

from __future__ import annotations

from codecs import utf_16_be_encode
from collections.abc import Collection, Iterator
from typing import TypeAlias

from modemd.errors import EncodeError
from modemd.pdu.fields.header import Element, LockingShift, SingleShift, make_concatenation
from modemd.pdu.fields.userdata import (
    MAX_OCTETS,
    MAX_SEPTETS,
    UserData,
    choose_table,
    count_header_septets,
    make_user_data,
)
from modemd.pdu.text.alphabet import DEFAULT, ESCAPE
from modemd.pdu.text.coding import Alphabet
from modemd.pdu.text.grapheme import inner_offsets
from modemd.pdu.text.national import LOCKING_LANGUAGES, SINGLE_LANGUAGES, table

Shift: TypeAlias = SingleShift | LockingShift

EVERY_SHIFT: tuple[Shift, ...] = (*map(SingleShift, SINGLE_LANGUAGES), *map(LockingShift, LOCKING_LANGUAGES))
MAX_PARTS = 255

# Enum members as module names: reading a member from its class would take a large part of the time here.
_GSM7, _UCS2 = Alphabet.GSM7, Alphabet.UCS2
_CONCATENATION_OCTETS = {8: 5, 16: 6}


def find_payload_room(alphabet: Alphabet, element_octets: int) -> int:
    """Returns the bytes of payload that fit beside a header with `element_octets` of elements (a septet takes one byte)."""
    header = element_octets + 1 if element_octets else 0
    if alphabet is _GSM7:
        return MAX_SEPTETS - count_header_septets(header)
    octets = MAX_OCTETS - header
    return octets & ~1 if alphabet is _UCS2 else octets


class EncodedText:
    """Encoded text before it is cut. Positions are offsets into `payload`.

    `header`: the elements of every part besides the concatenation. `room`: the bytes of payload that fit into a part.
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
        self.room = room = find_payload_room(alphabet, extra)
        self.one_part = len(payload) <= room
        if not self.one_part:
            if reference_width not in _CONCATENATION_OCTETS:
                raise EncodeError("UDH", f"a concatenation reference of {reference_width} bits")
            self.room = find_payload_room(alphabet, extra + _CONCATENATION_OCTETS[reference_width])
            if self.room < 4:  # no surrogate pair, or no escape pair beside another character, would fit
                raise EncodeError("UDH", f"{extra} octets of header elements leave no room for text")

    def count_parts(self, start: int = 0) -> int:
        """Returns the parts needed from `start` on, at least one."""
        parts = 0
        while start < len(self.payload):
            start = self._find_cut(start)
            parts += 1
        return parts or 1

    def cut_payloads(self, inner: Collection[int] = ()) -> list[bytes]:
        """Returns the parts. `inner`: positions at which to avoid a cut. EncodeError if there are more than 255 parts."""
        if self.one_part:
            return [self.payload]
        left = self.count_parts()
        if left > MAX_PARTS:
            raise EncodeError("TP-UD", f"{left} parts; {MAX_PARTS} are the most")
        found, start = [], 0
        while start < len(self.payload):
            left -= 1
            end = self._find_cut(start)
            if end in inner:
                end = self._find_cut_before_cluster(start, end, inner, left)
            found.append(self.payload[start:end])
            start = end
        return found

    def _find_cut(self, start: int) -> int:
        """Returns the end of the longest part from `start` on that splits no pair."""
        end = start + self.room
        if end >= len(self.payload):
            return len(self.payload)
        return end if not self._splits_pair(end) else end - (2 if self.alphabet is _UCS2 else 1)

    def _splits_pair(self, at: int) -> bool:
        """Returns whether a cut here splits an escape from its code, or a surrogate from its other half."""
        if self.alphabet is _GSM7:
            return self.payload[at - 1] == ESCAPE
        return self.alphabet is _UCS2 and 0xDC <= self.payload[at] <= 0xDF

    def _find_cut_before_cluster(self, start: int, end: int, inner: Collection[int], left: int) -> int:
        """Returns a cut before the combined character that `end` would split, if the rest still fits into `left` parts."""
        step = 2 if self.alphabet is _UCS2 else 1
        earlier = end
        while earlier > start and (earlier in inner or self._splits_pair(earlier)):
            earlier -= step
        return earlier if earlier > start and self.count_parts(earlier) <= left else end


def encode_text(
    text: str, reference_width: int, header: tuple[Element, ...], national: bool | Collection[Shift] = False
) -> EncodedText:
    """Encodes a text in the alphabet that takes the fewest parts; the arguments are those of :func:`modemd.pdu.plan`."""
    septets = DEFAULT.try_encode(text)
    if septets is not None:
        body = EncodedText(_GSM7, septets, reference_width, header)
    else:
        try:
            body = EncodedText(_UCS2, utf_16_be_encode(text)[0], reference_width, header)
        except UnicodeEncodeError as error:
            raise EncodeError("TP-UD", f"half a surrogate pair at character {error.start}") from None
    if body.one_part or not national:
        return body
    return _choose_tables(text, body, EVERY_SHIFT if national is True else national)


def make_user_data_parts(text: str, body: EncodedText, reference: int) -> list[UserData]:
    """Returns the user data of each part of a text, in order."""
    return (
        [make_user_data(body.payload, body.header)]
        if body.one_part
        else add_headers(body, cut_payloads(text, body), reference)
    )


def cut_payloads(text: str, body: EncodedText) -> list[bytes]:
    """Returns the parts of a text, not cut inside combined characters, unless that would need one more part."""
    if body.one_part or (body.alphabet is _GSM7 and not body.header) or len(body.payload) > MAX_PARTS * body.room:
        return body.cut_payloads()  # nothing combines in the default alphabet; and a text that is too long is not cut
    return body.cut_payloads(_find_inner_positions(text, body))


def add_headers(body: EncodedText, parts: list[bytes], reference: int) -> list[UserData]:
    """Adds the headers to payloads: the concatenation element first, if there is more than one part."""
    if len(parts) == 1:
        return [make_user_data(parts[0], body.header)]
    return [
        make_user_data(part, (make_concatenation(reference, len(parts), sequence, body.reference_width), *body.header))
        for sequence, part in enumerate(parts, start=1)
    ]


def _find_inner_positions(text: str, body: EncodedText) -> set[int]:
    """Returns the positions in the encoded text that are inside combined characters."""
    inside = inner_offsets(text)
    positions: set[int] = set()
    letters = choose_table(body.header).letters
    at = 0
    for offset, character in enumerate(text if inside else ""):
        if offset in inside:
            positions.add(at)
        if body.alphabet is _UCS2:
            at += 4 if ord(character) > 0xFFFF else 2
        else:
            at += 1 if character in letters else 2
    return positions


def _choose_tables(text: str, plain: EncodedText, shifts: Collection[Shift]) -> EncodedText:
    """Returns the body with the fewest parts. Of equal ones: the plain one, then the fewest tables, then the lowest language."""
    best, fewest = plain, plain.count_parts()
    for locking, single in _list_language_pairs(shifts):
        septets = table(locking, single).try_encode(text)
        if septets is None:
            continue
        chosen = (SingleShift(single),) * (single > 0) + (LockingShift(locking),) * (locking > 0)
        body = EncodedText(_GSM7, septets, plain.reference_width, plain.header + chosen)
        if (count := body.count_parts()) < fewest:
            best, fewest = body, count
    return best


def _list_language_pairs(shifts: Collection[Shift]) -> Iterator[tuple[int, int]]:
    """Yields pairs of locking and single shift languages to try, the simplest for receivers first."""
    single = {shift.language for shift in shifts if isinstance(shift, SingleShift)} & SINGLE_LANGUAGES
    locking = {shift.language for shift in shifts if isinstance(shift, LockingShift)} & LOCKING_LANGUAGES
    yield from ((0, language) for language in sorted(single))
    yield from ((language, 0) for language in sorted(locking))
    yield from ((language, language) for language in sorted(locking & single))
