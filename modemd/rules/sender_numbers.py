"""Numbers that the digits of a sender can mean.

Networks hand on the sender of a message in many forms: +33612345678, 33612345678 without the plus, 0033612345678, 0612345678 or
612345678 as it is dialled in the country, and each with the type of number of another form. A person who says STOP must be found
whatever the form. So all readings that a number plan allows are listed, the likeliest first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.rules.geography.number_kinds import NumberKind, classify
from modemd.rules.phone_numbers import find_country, parse_recipient

_LONGEST_SHORT_CODE = 6
_SHORTEST_NATIONAL = 7  # digits; what has fewer is a short code, and ends many numbers
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


@dataclass(frozen=True, slots=True)
class SenderNumber:
    """Sender of an inbound message. `number`: the likeliest reading in E.164, or the sender as it is if there is no reading.
    `others`: every other number that its digits can mean. With `is_ending` no country is known, and every number that `number` is
    a national form of is meant (`list_national_forms`)."""

    number: str
    others: tuple[str, ...] = ()
    is_ending: bool = False

    @property
    def readings(self) -> tuple[str, ...]:
        """Every number that is meant, the likeliest first."""
        return (self.number, *self.others)


def read_sender(text: str, countries: Sequence[str] = ()) -> SenderNumber:
    """Returns the numbers that a sender can mean; `text` has a plus if the network says that it is international. `countries`
    (ISO 3166 alpha-2), the likeliest first: whose national numbers it may be. A name and a short code mean themselves alone."""
    meant = _read_digits(text, countries)
    twins = [twin for number in meant.readings for twin in _list_twins(number)]
    others = tuple(number for number in dict.fromkeys((*meant.others, *twins)) if number != meant.number)
    return replace(meant, others=others)


def _read_digits(text: str, countries: Sequence[str]) -> SenderNumber:
    """Returns the numbers that the digits of a sender can mean, without the other numbers of the same telephone."""
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return SenderNumber(text)
    # A number that is international by type and by the plan is what nearly all senders are: national readings count beside it
    # only if a mobile phone has them.
    is_certain = text.startswith("+") and _read_international(digits) == text and not _rank(text)[0]
    found: dict[str, None] = {text: None} if is_certain else {}
    for country in countries:
        number = _read_national(digits, country)
        if number is not None and (not is_certain or not any(_rank(number))):
            found[number] = None
    if len(digits) > _LONGEST_SHORT_CODE:
        # As it is; with the prefix for calls abroad of most countries, and with that of North America.
        for reading in (digits, digits.removeprefix("00"), digits.removeprefix("011")):
            number = _read_international(reading)
            if number is not None:
                found[number] = None
    if not found or (not countries and all(_rank(number)[0] for number in found)):
        return SenderNumber(text, tuple(found), is_ending=_is_ending(digits))
    likeliest, *others = sorted(found, key=lambda number: (is_certain and number != text, *_rank(number)))
    return SenderNumber(likeliest, tuple(others))


def list_national_forms(number: str) -> frozenset[str]:
    """Returns the forms without a country in which a network can hand on an E.164 number: its ends, with and without the 0
    before them, and as it is dialled in its country."""
    digits = number.removeprefix("+")
    ends = {digits[-length:] for length in range(_SHORTEST_NATIONAL, len(digits) + 1)}
    forms = ends | {f"0{end}" for end in ends}
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return frozenset(forms)
    dialled = "".join(filter(str.isdecimal, phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)))
    return frozenset(forms | {dialled} if len(dialled) >= _SHORTEST_NATIONAL else forms)


# Number plans in which one telephone has two numbers: networks and address books write the old form beside the new one. Mexico
# gave up the 1 of mobiles in 2019, and Argentina dials the 9 from abroad only; Brazil put a 9 before mobiles until 2016, Benin
# 01 before all numbers in 2024.
_TWIN_FORMS = (
    (re.compile(r"\+521(\d{10})"), r"+52\1"), (re.compile(r"\+52([2-9]\d{9})"), r"+521\1"),
    (re.compile(r"\+549(\d{10})"), r"+54\1"), (re.compile(r"\+54([1-8]\d{9})"), r"+549\1"),
    (re.compile(r"\+55([1-9]\d)9([6-9]\d{7})"), r"+55\1\2"), (re.compile(r"\+55([1-9]\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
    (re.compile(r"\+22901(\d{8})"), r"+229\1"), (re.compile(r"\+229([2-9]\d{7})"), r"+22901\1"),
)  # fmt: skip


def _list_twins(number: str) -> list[str]:
    """Returns the other numbers of the same telephone."""
    return [form.sub(twin, number) for form, twin in _TWIN_FORMS if form.fullmatch(number)]


def _is_ending(digits: str) -> bool:
    return len(digits.lstrip("0")) >= _SHORTEST_NATIONAL


def _read_international(digits: str) -> str | None:
    if digits.startswith("0"):
        return None  # no calling code begins with 0
    try:
        return parse_recipient(f"+{digits}", country=None).number
    except Refused:
        return None


def _read_national(digits: str, country: str) -> str | None:
    """Returns what the digits are if they are dialled in a country: with its prefix for calls abroad, with its 0, or without."""
    try:
        return parse_recipient(digits, country=country).number
    except Refused:
        return None


def _rank(number: str) -> tuple[bool, bool]:
    """Returns what sorts the likelier number first: one that its plan assigns, and among those one that a mobile can have."""
    parsed = phonenumbers.parse(number)
    valid = phonenumbers.is_valid_number(parsed)
    return not valid, phonenumbers.number_type(parsed) not in _MOBILE


def may_be_answered(number: str) -> bool:
    """Returns True if an automatic answer may go to a number: it is one of a country, and not premium-rate. Numbers of no country
    are satellite telephones and services (+870, +881, +882, +883, +979): a minute or a message costs many times the usual. Short
    codes and names are machines: an answer could start a loop."""
    return find_country(number) is not None and classify(number).kind in (NumberKind.OTHER, NumberKind.LANDLINE)
