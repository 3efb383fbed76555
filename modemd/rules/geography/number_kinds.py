"""Kinds of numbers: of which country a number is, and whether it is a premium-rate number, a landline or no telephone at all.

Only the number plans of `phonenumbers` are read. A number that its plan does not assign is of the kind OTHER: plans move faster
than their descriptions."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from modemd.light_dataclass import dataclass


class NumberKind(StrEnum):
    """Kind of a number, as far as messages are concerned."""

    OTHER = "other"
    """A mobile, or one that may be: North American numbers do not say."""
    PREMIUM = "premium"
    """Costs the one who writes to it: premium rate, shared cost, personal numbers, numbers of companies."""
    LANDLINE = "landline"
    """A fixed line and nothing else."""
    MACHINE = "machine"
    """A pager or a mailbox: no person reads there as on a telephone."""
    SHORT_CODE = "short_code"
    """No number of the telephone network of a country: a short code, or a name."""


@dataclass(frozen=True, slots=True)
class ClassifiedNumber:
    """Number with its kind and its country (ISO 3166 alpha-2). `country` is None for short codes and names, and for numbers of
    no country: satellite telephones and worldwide services (+870, +881, +882, +883, +888, +979 and others). `is_assigned`: its
    plan says that such a number exists."""

    kind: NumberKind
    country: str | None
    is_assigned: bool = False

    @property
    def is_worldwide(self) -> bool:
        """True if the number belongs to no country."""
        return self.country is None and self.kind is not NumberKind.SHORT_CODE


# British personal numbers (+44 70) and company numbers are sold with a share of what calls to them cost, like premium rate.
_KINDS = {
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.PREMIUM,
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.PREMIUM,
    PhoneNumberType.UAN: NumberKind.PREMIUM,
    PhoneNumberType.FIXED_LINE: NumberKind.LANDLINE,
    PhoneNumberType.PAGER: NumberKind.MACHINE,
    PhoneNumberType.VOICEMAIL: NumberKind.MACHINE,
}


# A claim asks again for a number that was just accepted.
@lru_cache(maxsize=4096)
def classify(number: str) -> ClassifiedNumber:
    """Returns the kind and the country of a number in E.164. A text without + is a short code or a name; a number that no plan
    can read belongs to no country."""
    if not number.startswith("+"):
        return ClassifiedNumber(NumberKind.SHORT_CODE, None)
    try:
        parsed = parse(number, None)
    except NumberParseException:
        return ClassifiedNumber(NumberKind.OTHER, None)
    found = phonenumbers.number_type(parsed)
    kind = _KINDS.get(found, NumberKind.OTHER)
    return ClassifiedNumber(kind, _find_country(parsed), is_assigned=found != PhoneNumberType.UNKNOWN)


# A recipient is parsed, and then classified; nobody changes what was parsed.
@lru_cache(maxsize=16)
def parse(text: str, country: str | None) -> PhoneNumber:
    """Returns the number that `text` is, dialled in `country`. Raises NumberParseException."""
    return phonenumbers.parse(text, country)


def _find_country(parsed: PhoneNumber) -> str | None:
    """Returns the country of a number; of one that no plan assigns, the main country of its calling code."""
    region = phonenumbers.region_code_for_number(parsed)
    region = region or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None
