"""Telephone numbers: parses recipients, refuses those that are never written to, and compares spellings.

Only the number plans of `phonenumbers` are read. Its `geocoder` and `carrier` would cost 100 MB of memory.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, ValidationResult, shortnumberinfo

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.geography.number_kinds import classify, parse

_SEPARATORS = re.compile(r"[\s().\-/\u00b7\u2010-\u2015]+")
_TEL_URI = re.compile(r"^\s*tel:(?://)?", re.IGNORECASE)  # RFC 3966; with // it is wrong, and seen
_DIALLED = re.compile(r"\+?[0-9]{2,20}")
# Answered as emergency calls by GSM networks everywhere (3GPP TS 22.101 10.1.1).
_EMERGENCY_EVERYWHERE = frozenset({"112", "911"})
_LONGEST_SHORT_CODE = 8
_LONGEST_NAME = 11  # characters of an alphanumeric sender (3GPP TS 23.040 9.1.2.5)
_TAIL = 6  # digits that two spellings share at least
_CERTAINLY_SHORT = 6  # digits up to which a number without + is read as a short code if no number plan knows it

_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: "has too few digits",
    ValidationResult.TOO_LONG: "has too many digits",
    ValidationResult.INVALID_LENGTH: "has a number of digits that no number there has",
    ValidationResult.INVALID_COUNTRY_CODE: "begins with no country's calling code",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
}
# Lengths of a country's numbers that are listed one by one; more are given as a range.
_MOST_LENGTHS = 3


@dataclass(frozen=True, slots=True)
class Recipient:
    """Recipient whose number may be written to."""

    number: str
    """E.164 (`+33612345678`), or the digits of a short code."""
    country: str | None
    """ISO 3166 alpha-2; None if the number belongs to no single country."""
    warnings: tuple[str, ...] = ()
    """Doubts that a person should check; the number is accepted all the same."""


def parse_recipient(text: str, *, country: str | None, short_code: bool = False) -> Recipient:
    """Returns the recipient that `text` names: E.164, or national if `country` (ISO 3166 alpha-2) says whose number plan to read.

    With `short_code`, up to eight digits without + are taken as they are. Raises Refused with the code

    - `bad_number`: not a telephone number at all
    - `emergency_number`: never written to
    - `needs_country`: written without + and country, and no country is configured
    - `short_code_not_allowed`: looks like a short code, and `short_code` was not said
    - `not_possible`: no number of that country has such a length; the message says how many digits are expected

    A number that is possible but not assigned by the plan we know is accepted with a warning: plans move faster than
    their descriptions, and fictional numbers are used in tests.
    """
    dialled = _dialled_digits(text)
    digits = dialled.removeprefix("+")
    if len(digits) <= _CERTAINLY_SHORT and _is_emergency(digits, country):
        raise Refused(ErrorCode.EMERGENCY_NUMBER, f"{quote(text)} is an emergency number; modemd never writes to one")
    if dialled.startswith("+"):
        return _parse_international(dialled, None)
    if short_code and len(digits) <= _LONGEST_SHORT_CODE:
        return Recipient(digits, country)
    if country is not None:
        return _parse_national(digits, country, text)
    if len(digits) <= _CERTAINLY_SHORT:
        raise _make_short_code_refusal(text)
    raise Refused(
        ErrorCode.NEEDS_COUNTRY,
        f"{quote(text)} has no + and country code; write it as +33612345678, or configure `country`",
    )


def list_spellings(text: str, country: str | None) -> tuple[str, ...]:
    """Returns the forms under which a number that a person typed is stored: E.164 if its country is known, and as it was typed.
    A sender may be a name. Raises Refused (`bad_number`, `not_possible`) if it is neither."""
    typed = text.strip()
    if _has_letters(typed) and _TEL_URI.match(typed) is None and len(typed) <= _LONGEST_NAME:
        return (typed,)
    try:
        number = parse_recipient(typed, country=country, short_code=True).number
    except Refused as refused:
        if refused.code not in (ErrorCode.NEEDS_COUNTRY, ErrorCode.EMERGENCY_NUMBER):
            raise
        number = typed
    return tuple(dict.fromkeys((number, typed)))


def find_country(number: str) -> str | None:
    """Returns the country (ISO 3166 alpha-2) of an E.164 number; None for any other text, and for a number of no single
    country."""
    if not number.startswith("+"):
        return None
    try:
        return parse_recipient(number, country=None).country
    except Refused:
        return None


def is_same_number(a: str, b: str) -> bool:
    """Returns True if two spellings can be one number: the last eight digits agree.

    Networks give the recipient of a report now in E.164, now in national form, with or without the 0 before it, so
    only the end can be compared; eight digits tell apart what one SIM has on the air. If one of the two has
    fewer (small countries), all of its digits count, but not fewer than six: shorter ones, short codes among them, must
    be equal. Alphanumeric senders must be equal but for case.
    """
    if a == b:
        return True
    if _has_letters(a) or _has_letters(b):
        return a.casefold() == b.casefold()
    first, second = _significant_digits(a), _significant_digits(b)
    length = min(8, len(first), len(second))
    return first[-length:] == second[-length:] if length >= _TAIL else first == second


def tail(number: str) -> str | None:
    """Returns the last six digits, with which every spelling of the same number ends (`is_same_number`). None if `number` has
    fewer digits, or letters."""
    digits = "" if _has_letters(number) else _significant_digits(number)
    return digits[-_TAIL:] if len(digits) >= _TAIL else None


def _has_letters(number: str) -> bool:
    return not number.removeprefix("+").isdecimal() and any(map(str.isalpha, number))


def _significant_digits(number: str) -> str:
    """Returns the digits that every spelling shares: without the 00 or 0 before them that belongs to dialling."""
    digits = number.removeprefix("+")
    if not digits.isdecimal():
        digits = "".join(filter(str.isdecimal, number))
    return digits if number.lstrip().startswith("+") else digits.lstrip("0")


def _dialled_digits(text: str) -> str:
    """Returns the digits of `text`, with the + before them if there is one. Invisible characters count for nothing: telephones
    copy a contact with marks of direction round the number."""
    plain = text
    if not text.isascii():
        visible = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
        plain = "".join(str(unicodedata.decimal(sign, sign)) for sign in visible)
    dialled = _SEPARATORS.sub("", _TEL_URI.sub("", plain))
    if _DIALLED.fullmatch(dialled) is None:
        raise Refused(ErrorCode.BAD_NUMBER, f"{quote(text[:40])} is not a telephone number")
    return dialled


def quote(text: str) -> str:
    """Returns `text` in quotation marks, with a mark such as <U+202A> for each character that nobody sees (`modemd.controls`)."""
    return f"'{''.join(sign if sign.isprintable() else f'<U+{ord(sign):04X}>' for sign in text)}'"


def _is_emergency(digits: str, country: str | None) -> bool:
    if digits in _EMERGENCY_EVERYWHERE:
        return True
    if country is None:
        return _is_emergency_somewhere(digits)
    return shortnumberinfo.is_emergency_number(digits, country)


@lru_cache(maxsize=256)
def _is_emergency_somewhere(digits: str) -> bool:
    """Returns True if any country has this emergency number; asked if no country is known."""
    return any(shortnumberinfo.is_emergency_number(digits, region) for region in phonenumbers.SUPPORTED_REGIONS)


def _parse_national(digits: str, country: str, text: str) -> Recipient:
    """Parses a number without + by the plan of `country`; up to six digits only if that plan knows such numbers."""
    try:
        found = _parse_international(digits, country)
    except Refused as refused:
        if len(digits) <= _CERTAINLY_SHORT and refused.code is ErrorCode.NOT_POSSIBLE:
            raise _make_short_code_refusal(text) from None
        raise
    if len(digits) <= _CERTAINLY_SHORT and found.warnings:
        raise _make_short_code_refusal(text)
    return found


def _make_short_code_refusal(text: str) -> Refused:
    return Refused(
        ErrorCode.SHORT_CODE_NOT_ALLOWED,
        f"{quote(text)} has too few digits for a telephone number; if it is a short code, say so (--short-code; in the API "
        "short_code)",
    )


def _parse_international(dialled: str, country: str | None) -> Recipient:
    try:
        parsed = parse(dialled, country)
    except NumberParseException as error:
        known = error.error_type != NumberParseException.INVALID_COUNTRY_CODE
        said = "has too few digits" if known else "begins with no country's calling code"
        raise Refused(ErrorCode.NOT_POSSIBLE, f"{dialled} {said}") from None
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    if verdict != ValidationResult.IS_POSSIBLE:
        raise Refused(ErrorCode.NOT_POSSIBLE, f"{dialled} {_IMPOSSIBLE[verdict]}{_describe_lengths(parsed)}")
    number = f"+{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"
    return _check_with_plan(dialled, number, parsed)


def _describe_lengths(parsed: PhoneNumber) -> str:
    """Returns how many digits the numbers of the same calling code have, as an end of a sentence; "" if that is not known."""
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    lengths = plan.general_desc.possible_length if plan is not None and plan.general_desc is not None else ()
    if not lengths:
        return ""
    listed = " or ".join(map(str, lengths)) if len(lengths) <= _MOST_LENGTHS else f"{min(lengths)} to {max(lengths)}"
    prefix = f", or after {plan.national_prefix}" if plan is not None and plan.national_prefix else ""
    return f"; a number of {region} has {listed} digits after +{parsed.country_code}{prefix}"


def _lacks_digits_behind_prefix(parsed: PhoneNumber, region: str | None) -> bool:
    """Returns True if a number is possible only because the digit that is dialled before national numbers, such as 0, is counted
    as one of its own: without it, no number of the country has such a length. An Italian 0 is no such digit."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region, None) if region is not None else None
    digits = phonenumbers.national_significant_number(parsed)
    if plan is None or not plan.national_prefix or not digits.startswith(plan.national_prefix):
        return False
    lengths = plan.general_desc.possible_length if plan.general_desc is not None else ()
    return len(digits) - len(plan.national_prefix) not in lengths


def _check_with_plan(dialled: str, number: str, parsed: PhoneNumber) -> Recipient:
    """Returns the recipient with its country, and a warning if the plan does not know the number. `parsed` is possible."""
    found = classify(number)
    if found.is_assigned:
        return Recipient(number, found.country)
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    if _lacks_digits_behind_prefix(parsed, region):
        raise Refused(ErrorCode.NOT_POSSIBLE, f"{dialled} has a wrong number of digits{_describe_lengths(parsed)}")
    # Prefixes that are dialled within a country only (a 0, a carrier's code) can hide behind one another: +31 00 12345. What
    # is left after taking one off must be the number itself, or one person would be filed under several.
    if phonenumbers.parse(number) != parsed:
        raise Refused(
            ErrorCode.NOT_POSSIBLE,
            f"{number} has digits after its calling code that are dialled within the country only",
        )
    plan = found.country or "its plan"
    return Recipient(number, found.country, (f"{number} is no number that {plan} is known to assign",))
