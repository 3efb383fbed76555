"""Plan of how a text would be sent: its parts, and the parts that other characters would save."""

from __future__ import annotations

from collections.abc import Collection

from modemd.light_dataclass import dataclass
from modemd.pdu.fields.header import Element, LockingShift, SingleShift, find_last
from modemd.pdu.text.alphabet import DEFAULT
from modemd.pdu.text.coding import Alphabet
from modemd.pdu.text.segmentation import EncodedText, Shift, cut_payloads, encode_text
from modemd.pdu.text.transliteration import Replacement, transliterate


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a text. `units` are septets, octets or UTF-16 code units, by alphabet; `room` is how many more would fit."""

    payload: bytes
    units: int
    room: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """Character that is not in the GSM 7 bit alphabet, and its offset in the text (in characters)."""

    offset: int
    character: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Transliteration of a text that would save parts. Nothing is replaced unless the sender accepts it."""

    text: str
    replaced: tuple[Replacement, ...]
    alphabet: Alphabet
    parts: int
    saved: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of how a text would be sent.

    `header`: the elements of every part besides the concatenation: the requested ones, and those that select national
    tables. `text` is empty if the plan is for data.
    """

    text: str
    alphabet: Alphabet
    segments: tuple[Segment, ...]
    reference_width: int = 8
    header: tuple[Element, ...] = ()

    @property
    def parts(self) -> int:
        return len(self.segments)

    @property
    def units(self) -> tuple[int, ...]:
        """Units of each part."""
        return tuple(segment.units for segment in self.segments)

    @property
    def locking(self) -> int | None:
        """The language whose table replaces the default alphabet."""
        shift = find_last(self.header, LockingShift)
        return None if shift is None else shift.language

    @property
    def single(self) -> int | None:
        """The language whose table replaces the extension."""
        shift = find_last(self.header, SingleShift)
        return None if shift is None else shift.language

    @property
    def foreign(self) -> tuple[Foreign, ...]:
        """The characters outside the GSM 7 bit default alphabet, which need UCS2 or national tables."""
        return tuple(
            Foreign(offset, character) for offset, character in enumerate(self.text) if character not in DEFAULT
        )

    @property
    def offer(self) -> Offer | None:
        """The plan with replaced characters (curly quotes, dashes, spaces); None if it would save no part."""
        text, replaced = transliterate(self.text)
        if not replaced:
            return None
        plain = tuple(element for element in self.header if not isinstance(element, SingleShift | LockingShift))
        other = plan(text, reference_width=self.reference_width, header=plain)
        saved = self.parts - other.parts
        return Offer(text, replaced, other.alphabet, other.parts, saved) if saved > 0 else None


def plan(
    text: str, *, reference_width: int = 8, national: bool | Collection[Shift] = False, header: tuple[Element, ...] = ()
) -> Plan:
    """Plans how `text` would be sent.

    `reference_width` is 8 or 16 bits. `national` allows national tables if they save parts: every table, or those that the
    given elements select. `header`: further elements of every part. EncodeError if the text needs more than 255 parts, or
    has a surrogate without its other half.
    """
    body = encode_text(text, reference_width, header, national)
    return _plan(text, body, cut_payloads(text, body))


def plan_data(octets: bytes, *, reference_width: int = 8, header: tuple[Element, ...] = ()) -> Plan:
    """Plans how 8-bit data would be sent; the rest is as in :func:`plan`."""
    body = EncodedText(Alphabet.DATA8, octets, reference_width, header)
    return _plan("", body, body.cut_payloads())


def _plan(text: str, body: EncodedText, parts: list[bytes]) -> Plan:
    size = 2 if body.alphabet is Alphabet.UCS2 else 1
    segments = tuple(Segment(part, len(part) // size, (body.room - len(part)) // size) for part in parts)
    return Plan(text, body.alphabet, segments, body.reference_width, body.header)
