"""Addresses: TP-DA, TP-OA, TP-RA (3GPP TS 23.040 9.1.2.5), and the service centre's (TS 24.011 8.2.5.1)."""

from __future__ import annotations

import re
from enum import IntEnum

from modemd.errors import DecodeError, EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor
from modemd.pdu.text.alphabet import DEFAULT
from modemd.pdu.text.septets import pack, packed_length, unpack

MAX_DIGITS = 20
MAX_LETTERS = 11


class TypeOfNumber(IntEnum):
    """Type of number: bits 6 to 4 of the type octet."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6
    RESERVED = 7


class NumberingPlan(IntEnum):
    """Numbering plan: bits 3 to 0 of the type octet."""

    UNKNOWN = 0
    ISDN = 1
    RESERVED_2 = 2
    DATA = 3
    TELEX = 4
    SERVICE_CENTRE_5 = 5
    SERVICE_CENTRE_6 = 6
    RESERVED_7 = 7
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    RESERVED_11 = 11
    RESERVED_12 = 12
    RESERVED_13 = 13
    RESERVED_14 = 14
    RESERVED_15 = 15


_SWAP = bytes(octet >> 4 | (octet & 15) << 4 for octet in range(256))
_TO_HEX = str.maketrans("*#abc", "abcde")
_FROM_HEX = str.maketrans("abcde", "*#abc")
_TYPES = tuple((TypeOfNumber(octet >> 4 & 7), NumberingPlan(octet & 15)) for octet in range(256))
_DIGITS = re.compile("[0-9*#abc]*")
_DIALLED = re.compile("[0-9*#]+")
# Enum members as module names: reading a member from its class would take most of the time here.
_UNKNOWN, _INTERNATIONAL, _NAME = TypeOfNumber.UNKNOWN, TypeOfNumber.INTERNATIONAL, TypeOfNumber.ALPHANUMERIC


@dataclass(frozen=True, slots=True)
class Address:
    """Address: a number or a name.

    `value` has digits (also `* # a b c`, at most 20), or the letters of an alphanumeric sender (at most 11 septets of the
    default alphabet). It never starts with a plus sign, for which `type_of_number` is INTERNATIONAL.
    """

    value: str
    type_of_number: TypeOfNumber
    plan: NumberingPlan = NumberingPlan.ISDN

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parses what a person writes: `+33612345678`, a short or national number, or a name. EncodeError if it is neither."""
        if text[:1] == "+":
            digits = text[1:]
            if not (digits.isdigit() and digits.isascii() and len(digits) <= MAX_DIGITS):
                raise EncodeError("address", f"{text!r} is not a plus sign and up to {MAX_DIGITS} digits")
            return _make_address(digits, _INTERNATIONAL)
        if not text:
            raise EncodeError("address", "neither a number nor a name")
        address = cls(text, _UNKNOWN) if _DIALLED.fullmatch(text) else cls(text, _NAME, NumberingPlan.UNKNOWN)
        address.encode()
        return address

    def encode(self) -> bytes:
        """Returns the length in semi-octets, the type octet and the value. EncodeError if the value does not fit its type."""
        if self.type_of_number is _NAME:
            septets = _name_septets(self.value)
            return bytes(((len(septets) * 7 + 3) // 4, 0xD0 | self.plan)) + pack(septets)
        value = self.value
        return bytes((len(value), 0x80 | self.type_of_number << 4 | self.plan)) + _digit_octets(value)

    def encode_smsc(self) -> bytes:
        """Returns the form of a service centre's address, whose length counts octets, the type octet too. EncodeError: a name."""
        if self.type_of_number is _NAME:
            raise EncodeError("SMSC", "a service centre has a number, not a name")
        octets = bytes((0x80 | self.type_of_number << 4 | self.plan,)) + _digit_octets(self.value)
        return bytes((len(octets),)) + octets

    def __str__(self) -> str:
        return "+" + self.value if self.type_of_number is _INTERNATIONAL else self.value


_make_address = make_constructor(Address)


def _digit_octets(digits: str) -> bytes:
    if len(digits) > MAX_DIGITS:
        raise EncodeError("address", f"{len(digits)} digits; {MAX_DIGITS} are the most")
    if not (digits.isdigit() and digits.isascii()):
        if not _DIGITS.fullmatch(digits):
            raise EncodeError("address", f"{digits!r} has characters other than digits and * # a b c")
        digits = digits.translate(_TO_HEX)
    return bytes.fromhex(digits + "f" if len(digits) & 1 else digits).translate(_SWAP)


def _name_septets(name: str) -> bytes:
    septets = DEFAULT.try_encode(name)
    if septets is None:
        raise EncodeError("address", f"the name {name!r} is not in the GSM 7 bit alphabet")
    if len(septets) > MAX_LETTERS:
        raise EncodeError("address", f"the name {name!r} takes {len(septets)} septets; {MAX_LETTERS} are the most")
    if len(septets) == 8 and septets[7] == 0:
        raise EncodeError("address", f"the name {name!r}: an eighth letter @ reads as padding")
    return septets


def read_address(tpdu: bytes, at: int, field: str) -> tuple[Address, int]:
    """Returns the address at offset `at` of `tpdu`, and the offset after it. DecodeError if it is cut or too long."""
    octets = len(tpdu)
    value_at = at + 2
    if value_at > octets:
        raise DecodeError(field, octets, "the PDU ends within the address")
    length = tpdu[at]
    if length > MAX_DIGITS:
        raise DecodeError(field, at, f"{length} semi-octets; {MAX_DIGITS} are the most")
    end = value_at + (length + 1) // 2
    if end > octets:
        raise DecodeError(field, len(tpdu), f"the PDU ends within an address of {length} semi-octets")
    return read_value(tpdu[at + 1], tpdu[value_at:end], length, field, at + 1), end


def read_value(kind: int, octets: bytes, semi_octets: int, field: str, at: int) -> Address:
    """Returns the address with the type octet `kind`, from offset `at`, and its value in `semi_octets` of `octets`."""
    if kind < 0x80:
        raise DecodeError(field, at, f"type octet {kind:02X} lacks its top bit")
    type_of_number, plan = _TYPES[kind]
    if type_of_number is _NAME:
        return _make_address(_read_name(octets, semi_octets), type_of_number, plan)
    digits = octets.translate(_SWAP).hex()[:semi_octets]
    if not digits.isdigit():
        # F is filler. It belongs only after an odd digit; some service centres count it, and no digit can follow it.
        digits = digits.rstrip("f")
        if not digits.isdigit():
            digits = digits.partition("f")[0].translate(_FROM_HEX)
    return _make_address(digits, type_of_number, plan)


def _read_name(octets: bytes, semi_octets: int) -> str:
    septets = unpack(octets, semi_octets * 4 // 7)
    if semi_octets == packed_length(8) * 2 and septets[-1:] == b"\0":
        septets = septets[:-1]  # seven letters and seven spare bits, sent with the length of eight letters
    return DEFAULT.decode(septets)
