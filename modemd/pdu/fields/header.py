"""User data header and its elements (3GPP TS 23.040 9.2.3.24). Every element is kept, in order, and typed if it is known.

An element with a known identifier and invalid contents (a length of 2 for a concatenation, part 3 of 2) is kept as
:class:`RawElement`, and so has no effect, as the clause requires.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import TypeAlias, TypeVar

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor
from modemd.pdu.text.coding import Waiting


class ElementId(IntEnum):
    """Identifiers (IEI) of the elements that have a type here."""

    CONCATENATION_8 = 0x00
    SPECIAL_INDICATION = 0x01
    PORTS_8 = 0x04
    PORTS_16 = 0x05
    CONCATENATION_16 = 0x08
    SINGLE_SHIFT = 0x24
    LOCKING_SHIFT = 0x25


class Language(IntEnum):
    """National language identifiers (3GPP TS 23.038 6.2.1.2.4). Spanish has a single shift table only."""

    TURKISH = 1
    SPANISH = 2
    PORTUGUESE = 3
    BENGALI = 4
    GUJARATI = 5
    HINDI = 6
    KANNADA = 7
    MALAYALAM = 8
    ORIYA = 9
    PUNJABI = 10
    TAMIL = 11
    TELUGU = 12
    URDU = 13


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Concatenation, elements 00 and 08 (9.2.3.24.1, 9.2.3.24.8): part `sequence` of `total`, both from 1 to 255.

    `reference` is the same in all parts; `width` is its size in bits, 8 or 16.
    """

    reference: int
    total: int
    sequence: int
    width: int = 8

    def encode(self) -> bytes:
        reference, total, sequence = self.reference, self.total, self.sequence
        if not 1 <= sequence <= total <= 255:
            raise EncodeError("UDH", f"part {sequence} of {total}")
        if self.width not in (8, 16) or not 0 <= reference < 1 << self.width:
            raise EncodeError("UDH", f"concatenation reference {reference} in {self.width} bits")
        if self.width == 8:
            return bytes((0x00, 3, reference, total, sequence))
        return bytes((0x08, 4, reference >> 8, reference & 255, total, sequence))


make_concatenation = make_constructor(Concatenation)


@dataclass(frozen=True, slots=True)
class Ports:
    """Application ports, elements 04 and 05 (9.2.3.24.3, 9.2.3.24.4). `width` is 8 or 16 bits."""

    destination: int
    source: int
    width: int = 16

    def encode(self) -> bytes:
        if self.width not in (8, 16):
            raise EncodeError("UDH", f"ports of {self.width} bits")
        if not (0 <= self.destination < 1 << self.width and 0 <= self.source < 1 << self.width):
            raise EncodeError("UDH", f"ports {self.destination} and {self.source} in {self.width} bits")
        if self.width == 8:
            return bytes((0x04, 2, self.destination, self.source))
        return b"\x05\x04" + self.destination.to_bytes(2) + self.source.to_bytes(2)


@dataclass(frozen=True, slots=True)
class SingleShift:
    """Single shift, element 24 (9.2.3.24.15): the table that an escape selects, for this part only."""

    language: int

    def encode(self) -> bytes:
        return _one_octet(ElementId.SINGLE_SHIFT, self.language)


@dataclass(frozen=True, slots=True)
class LockingShift:
    """Locking shift, element 25 (9.2.3.24.16): the table that replaces the default alphabet, for this part only."""

    language: int

    def encode(self) -> bytes:
        return _one_octet(ElementId.LOCKING_SHIFT, self.language)


@dataclass(frozen=True, slots=True)
class SpecialIndication:
    """Special indication, element 01 (9.2.3.24.2): `count` messages wait elsewhere. `indication` and `count` are octets."""

    indication: int
    count: int

    @property
    def store(self) -> bool:
        """True if the phone should store this message."""
        return bool(self.indication & 0x80)

    @property
    def waiting(self) -> Waiting:
        """Kind of message that waits; the finer kinds beside the basic four count as OTHER."""
        return Waiting(self.indication & 3)

    def encode(self) -> bytes:
        if not (0 <= self.indication <= 255 and 0 <= self.count <= 255):
            raise EncodeError("UDH", f"special indication {self.indication}, {self.count}: not octets")
        return bytes((ElementId.SPECIAL_INDICATION, 2, self.indication, self.count))


@dataclass(frozen=True, slots=True)
class RawElement:
    """Element that has no type here, as its octets."""

    identifier: int
    data: bytes

    def encode(self) -> bytes:
        if not 0 <= self.identifier <= 255 or len(self.data) > 255:
            raise EncodeError("UDH", f"element {self.identifier} of {len(self.data)} octets")
        typed = read_element(self.identifier, self.data)
        if typed != self:
            raise EncodeError("UDH", f"element {self.identifier:02X} has a type of its own: {typed}")
        return bytes((self.identifier, len(self.data))) + self.data


@dataclass(frozen=True, slots=True)
class TornElement:
    """Last octets of a header whose last element would end after the header. Only received, never composed."""

    octets: bytes

    def encode(self) -> bytes:
        octets = self.octets
        if not octets or (len(octets) > 1 and len(octets) >= octets[1] + 2):
            raise EncodeError("UDH", f"{octets.hex()} is not the beginning of a longer element")
        return octets


Element: TypeAlias = Concatenation | Ports | SingleShift | LockingShift | SpecialIndication | RawElement | TornElement

Found = TypeVar("Found", bound=Element)


def _one_octet(identifier: ElementId, value: int) -> bytes:
    if not 0 <= value <= 255:
        raise EncodeError("UDH", f"element {identifier:02X}: {value} is not an octet")
    return bytes((identifier, 1, value))


def _concatenation_8(data: bytes) -> Element | None:
    if len(data) == 3 and 1 <= data[2] <= data[1]:
        return make_concatenation(data[0], data[1], data[2])
    return None


def _concatenation_16(data: bytes) -> Element | None:
    if len(data) == 4 and 1 <= data[3] <= data[2]:
        return make_concatenation(data[0] << 8 | data[1], data[2], data[3], 16)
    return None


def _ports_8(data: bytes) -> Element | None:
    return Ports(data[0], data[1], 8) if len(data) == 2 else None


def _ports_16(data: bytes) -> Element | None:
    return Ports(data[0] << 8 | data[1], data[2] << 8 | data[3], 16) if len(data) == 4 else None


_TYPED: dict[int, Callable[[bytes], Element | None]] = {
    ElementId.CONCATENATION_8: _concatenation_8,
    ElementId.CONCATENATION_16: _concatenation_16,
    ElementId.PORTS_8: _ports_8,
    ElementId.PORTS_16: _ports_16,
    ElementId.SINGLE_SHIFT: lambda data: SingleShift(data[0]) if len(data) == 1 else None,
    ElementId.LOCKING_SHIFT: lambda data: LockingShift(data[0]) if len(data) == 1 else None,
    ElementId.SPECIAL_INDICATION: lambda data: SpecialIndication(data[0], data[1]) if len(data) == 2 else None,
}
_READERS = tuple(_TYPED.get(identifier, partial(RawElement, identifier)) for identifier in range(256))


def read_element(identifier: int, data: bytes) -> Element:
    """Returns one element from its identifier (0 to 255) and its octets."""
    return _READERS[identifier](data) or RawElement(identifier, data)


def read_header(octets: bytes) -> tuple[Element, ...]:
    """Returns the elements of a header without its length octet. Never fails: an element that is cut is a TornElement."""
    end = len(octets)
    if end > 1 and octets[1] + 2 == end:  # most headers are one element
        return (_READERS[octets[0]](octets[2:]) or RawElement(octets[0], octets[2:]),)
    elements: list[Element] = []
    at = 0
    while at < end:
        start = at + 2
        stop = start + octets[at + 1] if start <= end else start
        if stop > end:
            elements.append(TornElement(octets[at:]))
            break
        elements.append(read_element(octets[at], octets[start:stop]))
        at = stop
    return tuple(elements)


def encode_header(header: tuple[Element, ...]) -> bytes:
    """Returns length octet and elements; no octets if there are no elements."""
    if not header:
        return b""
    octets = b"".join([element.encode() for element in header])
    if len(octets) > 139:
        raise EncodeError("UDH", f"{len(octets)} octets of elements; 139 fit")
    if any(isinstance(element, TornElement) for element in header[:-1]):
        raise EncodeError("UDH", "nothing can follow a torn element")
    return bytes((len(octets),)) + octets


def find_last(header: tuple[Element, ...], kind: type[Found]) -> Found | None:
    """Returns the last element of a kind: if one is repeated, the last counts (9.2.3.24)."""
    found: Found | None = None
    for element in header:
        if type(element) is kind:
            found = element
    return found
