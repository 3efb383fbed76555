"""Addresses: a number, a short code or a name, as value, type of number and numbering plan (5.2.5, 5.2.6, 5.2.8, 5.2.9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu import NumberingPlan, TypeOfNumber


class AddressKind(StrEnum):
    """Kind of address. A route may have TON and NPI of its own for each."""

    INTERNATIONAL = "international"
    SHORT_CODE = "short code"
    ALPHANUMERIC = "alphanumeric"


@dataclass(frozen=True, slots=True)
class Numbering:
    """Type of number and numbering plan, each as its octet. The SMSC may send values that no list has."""

    ton: int
    npi: int


NumberingTable = Mapping[AddressKind, Numbering]

# The numbers of SMPP are those of GSM here (5.2.5, 5.2.6). A short code is "network specific" for most SMSCs.
DEFAULT_NUMBERING: NumberingTable = {
    AddressKind.INTERNATIONAL: Numbering(TypeOfNumber.INTERNATIONAL, NumberingPlan.ISDN),
    AddressKind.SHORT_CODE: Numbering(TypeOfNumber.NETWORK_SPECIFIC, NumberingPlan.UNKNOWN),
    AddressKind.ALPHANUMERIC: Numbering(TypeOfNumber.ALPHANUMERIC, NumberingPlan.UNKNOWN),
}
LONGEST_NAME = 11
"""Characters of an alphanumeric sender: 11 septets fit into an address on the air (3GPP TS 23.040 9.1.2.5)."""
# E.164 has at most 15 digits; a short code has 3 to 8.
_E164 = re.compile(r"\+([1-9][0-9]{6,14})")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_NAME = re.compile(r"(?=.*[A-Za-z])[ -~]{1,11}")
_DIGITS = re.compile(r"[0-9]+")
_LONGEST_SHORT_CODE = 8


@dataclass(frozen=True, slots=True)
class SmppAddress:
    """Address as the fields of a PDU have it. `value` has no plus sign."""

    value: str
    numbering: Numbering


def encode_address(text: str, of_route: NumberingTable | None = None) -> SmppAddress:
    """Returns the address of `+33612345678`, `12345` or `MyBank`. `of_route`: TON and NPI of this route, where they differ.

    EncodeError if the text is none of the three. A name must have a letter, at most 11 characters, and only ASCII.
    """
    if (number := _E164.fullmatch(text)) is not None:
        kind, value = AddressKind.INTERNATIONAL, number[1]
    elif _SHORT_CODE.fullmatch(text):
        kind, value = AddressKind.SHORT_CODE, text
    elif _NAME.fullmatch(text) and text == text.strip():
        kind, value = AddressKind.ALPHANUMERIC, text
    else:
        raise EncodeError("address", f"{text!r} is no international number, no short code and no name")
    return SmppAddress(value, _merge(of_route)[kind])


def encode_recipient(number: str, of_route: NumberingTable | None = None) -> SmppAddress:
    """Returns the address of a recipient. EncodeError if it is a name: nobody receives under one."""
    address = encode_address(number, of_route)
    if not _DIGITS.fullmatch(address.value):
        raise EncodeError("destination_addr", f"{number!r} is a name")
    return address


def decode_address(address: SmppAddress, of_route: NumberingTable | None = None) -> str:
    """Returns an address as a person writes it: an international number with its plus sign, else the value as it came.

    Digits whose TON and NPI are those of this route's international numbers, or say nothing (TON 0), are international if they
    are more than 8 and do not begin with 0: no short code is so long. Never fails.
    """
    value, ton = address.value, address.numbering.ton
    digits = value.removeprefix("+")
    if not _DIGITS.fullmatch(digits):
        return value
    if ton == TypeOfNumber.INTERNATIONAL or value.startswith("+"):
        return f"+{digits}"
    says_nothing = ton == TypeOfNumber.UNKNOWN or address.numbering == _merge(of_route)[AddressKind.INTERNATIONAL]
    is_long = len(digits) > _LONGEST_SHORT_CODE and not digits.startswith("0")
    return f"+{digits}" if says_nothing and is_long else value


def _merge(of_route: NumberingTable | None) -> NumberingTable:
    return DEFAULT_NUMBERING if of_route is None else {**DEFAULT_NUMBERING, **of_route}
