"""Senders: their kinds, and the form that each kind has. Pure.

An SMS-SUBMIT has no field for its originator (3GPP TS 23.040 9.2.2.2): the network fills in the number of the SIM. So only an SMS
provider can send from the other kinds.
"""

from __future__ import annotations

import re
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from modemd.light_dataclass import dataclass


class ProviderSenderKind(StrEnum):
    """Kind of a sender."""

    SIM = "sim"
    """Number of a SIM, by its modem."""
    ALPHANUMERIC = "alphanumeric"
    """Name of 1 to 11 characters. Nobody can answer it."""
    SHORT_CODE = "short_code"
    """Number of 3 to 8 digits, in one country."""
    TOLL_FREE = "toll_free"
    """Toll-free number of the United States or Canada. Its network answers STOP by itself."""
    VIRTUAL_NUMBER = "virtual_number"
    """Ordinary number that a provider rents out."""

    @property
    def is_network_answering_stop(self) -> bool:
        """True if the network answers STOP and START itself: a confirmation of ours would be a second one."""
        return self is ProviderSenderKind.TOLL_FREE


# Names that every provider and network takes. A name of one or two characters, or with a space, is refused by some.
_SAFE_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}", re.ASCII)
_NAME = re.compile(r"(?=.*[A-Za-z])(?! )[A-Za-z0-9 ]{1,11}(?<! )", re.ASCII)
_SHORT_CODE = re.compile(r"[0-9]{3,8}", re.ASCII)
_TOLL_FREE_COUNTRIES = ("US", "CA")


@dataclass(frozen=True, slots=True)
class ProviderSender:
    """Sender at a provider. `value`: the name, the digits of a short code, or a number in E.164; `country` (ISO 3166 alpha-2): of
    a short code or number, None of a name; `warnings`: doubts about its form."""

    kind: ProviderSenderKind
    value: str
    country: str | None = None
    warnings: tuple[str, ...] = ()


def parse_sender(
    kind: ProviderSenderKind, text: str, country: str | None = None, *, allows_spaces: bool = False
) -> ProviderSender:
    """Returns the sender that a text names. `country` is needed for a short code; `allows_spaces`: the provider takes names with
    spaces. Raises ValueError, which says what is wrong and what is right."""
    match kind:
        case ProviderSenderKind.SIM:
            raise ValueError("a SIM is no sender of a provider; its modem sends from it")
        case ProviderSenderKind.ALPHANUMERIC:
            return _parse_name(text, allows_spaces=allows_spaces)
        case ProviderSenderKind.SHORT_CODE:
            return _parse_short_code(text, country)
        case _:
            return _parse_number(kind, text)


def _parse_name(text: str, *, allows_spaces: bool) -> ProviderSender:
    if _NAME.fullmatch(text) is None:
        form = "1 to 11 ASCII letters, digits and spaces, with a letter, and no space at either end"
        raise ValueError(f"{text!r} is no alphanumeric sender: it has {form}")
    if " " in text and not allows_spaces:
        raise ValueError(f"{text!r} has a space, which this provider does not take in a sender")
    if _SAFE_NAME.fullmatch(text) is None:
        what = "a space" if " " in text else "fewer than 3 characters"
        warning = f"sender {text!r} has {what}; some networks change or refuse it"
        return ProviderSender(ProviderSenderKind.ALPHANUMERIC, text, None, (warning,))
    return ProviderSender(ProviderSenderKind.ALPHANUMERIC, text)


def _parse_short_code(text: str, country: str | None) -> ProviderSender:
    if _SHORT_CODE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no short code: it has 3 to 8 digits")
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"short code {text} needs its country, such as FR: it works in one country only")
    return ProviderSender(ProviderSenderKind.SHORT_CODE, text, country)


def _parse_number(kind: ProviderSenderKind, text: str) -> ProviderSender:
    form = "it is written with + and country code, such as +33612345678"
    if not text.startswith("+"):
        raise ValueError(f"{text!r} is no number: {form}")
    try:
        parsed = phonenumbers.parse(text, None)
    except NumberParseException:
        raise ValueError(f"{text!r} is no number: {form}") from None
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError(f"{text!r} is no possible number: {form}")
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    is_toll_free = phonenumbers.number_type(parsed) == PhoneNumberType.TOLL_FREE
    if kind is ProviderSenderKind.TOLL_FREE:
        if parsed.country_code != 1 or not is_toll_free:
            raise ValueError(f"{number} is no toll-free number of the United States or Canada, such as +18005550123")
        return ProviderSender(kind, number, "US")
    if parsed.country_code == 1 and is_toll_free:
        raise ValueError(f"{number} is a toll-free number: its kind is {ProviderSenderKind.TOLL_FREE}")
    return ProviderSender(kind, number, region)


def list_countries(sender: ProviderSender) -> tuple[str, ...] | None:
    """Returns the only countries to which a sender can write; None for a name or an ordinary number, which has no such bound."""
    if sender.kind is ProviderSenderKind.TOLL_FREE:
        return _TOLL_FREE_COUNTRIES
    return (sender.country,) if sender.kind is ProviderSenderKind.SHORT_CODE and sender.country is not None else None
