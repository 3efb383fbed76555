"""A text as the user data of one or more parts: which alphabet, which tables, where it is cut (3GPP TS 23.038 6)."""

from __future__ import annotations

from codecs import utf_16_be_encode
from collections.abc import Collection, Iterator
from typing import TypeAlias

from modemd.errors import EncodeError
from modemd.pdu.alphabet import DEFAULT
from modemd.pdu.coding import Alphabet
from modemd.pdu.cutting import Body
from modemd.pdu.grapheme import inner_offsets
from modemd.pdu.header import Element, LockingShift, SingleShift, make_concatenation
from modemd.pdu.national import LOCKING_LANGUAGES, SINGLE_LANGUAGES, table
from modemd.pdu.userdata import UserData, make_user_data, table_of

Shift: TypeAlias = SingleShift | LockingShift
EVERY_SHIFT: tuple[Shift, ...] = (*map(SingleShift, SINGLE_LANGUAGES), *map(LockingShift, LOCKING_LANGUAGES))

_GSM7, _UCS2 = Alphabet.GSM7, Alphabet.UCS2


def encode_text(
    text: str, reference_width: int, header: tuple[Element, ...], national: bool | Collection[Shift] = False
) -> Body:
    """A text in the alphabet that takes the fewest parts; the arguments are those of :func:`modemd.pdu.plan`."""
    septets = DEFAULT.try_encode(text)
    if septets is not None:
        body = Body(_GSM7, septets, reference_width, header)
    else:
        try:
            body = Body(_UCS2, utf_16_be_encode(text)[0], reference_width, header)
        except UnicodeEncodeError as error:
            raise EncodeError("TP-UD", f"half a surrogate pair at character {error.start}") from None
    if body.one_part or not national:
        return body
    return _with_tables(text, body, EVERY_SHIFT if national is True else national)


def parts_of(text: str, body: Body, reference: int) -> list[UserData]:
    """The user data of each part of a text, in order."""
    return (
        [make_user_data(body.payload, body.header)]
        if body.one_part
        else numbered(body, payloads(text, body), reference)
    )


def payloads(text: str, body: Body) -> list[bytes]:
    """The parts of a text, cut between combined characters where that costs nothing."""
    if body.one_part or (body.alphabet is _GSM7 and not body.header):
        return body.payloads()  # nothing combines in the default alphabet
    return body.payloads(_inner(text, body))


def numbered(body: Body, parts: list[bytes], reference: int) -> list[UserData]:
    """Payloads with their headers: the concatenation element first, where there is more than one part."""
    if len(parts) == 1:
        return [make_user_data(parts[0], body.header)]
    return [
        make_user_data(part, (make_concatenation(reference, len(parts), sequence, body.reference_width), *body.header))
        for sequence, part in enumerate(parts, start=1)
    ]


def _inner(text: str, body: Body) -> set[int]:
    """Positions in the encoded text that are inside combined characters."""
    inside = inner_offsets(text)
    positions: set[int] = set()
    letters = table_of(body.header).letters
    at = 0
    for offset, character in enumerate(text if inside else ""):
        if offset in inside:
            positions.add(at)
        if body.alphabet is _UCS2:
            at += 4 if ord(character) > 0xFFFF else 2
        else:
            at += 1 if character in letters else 2
    return positions


def _with_tables(text: str, plain: Body, shifts: Collection[Shift]) -> Body:
    """The body with the fewest parts: the plain one, else the one with the fewest tables, else of the lowest language."""
    best, fewest = plain, plain.count()
    for locking, single in _pairs(shifts):
        septets = table(locking, single).try_encode(text)
        if septets is None:
            continue
        chosen = (SingleShift(single),) * (single > 0) + (LockingShift(locking),) * (locking > 0)
        body = Body(_GSM7, septets, plain.reference_width, plain.header + chosen)
        if (count := body.count()) < fewest:
            best, fewest = body, count
    return best


def _pairs(shifts: Collection[Shift]) -> Iterator[tuple[int, int]]:
    """Locking and single shift languages worth trying, the easiest for receivers first."""
    single = {shift.language for shift in shifts if isinstance(shift, SingleShift)} & SINGLE_LANGUAGES
    locking = {shift.language for shift in shifts if isinstance(shift, LockingShift)} & LOCKING_LANGUAGES
    yield from ((0, language) for language in sorted(single))
    yield from ((language, 0) for language in sorted(locking))
    yield from ((language, language) for language in sorted(locking & single))
