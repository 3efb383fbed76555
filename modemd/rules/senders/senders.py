"""Senders: their kinds, and the form that each kind has. Pure.

An SMS-SUBMIT has no field for its originator (3GPP TS 23.040 9.2.2.2): the network fills in the number of the SIM. So only an SMS
provider can send from the other kinds.
"""

from __future__ import annotations

import re
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.rules.phone_numbers import parse_recipient, quote
from modemd.rules.senders.codes import SenderCode


class ProviderSenderKind(StrEnum):
    """Kind of a sender."""

    SIM = "sim"
    """Number of a SIM, by its modem."""
    ALPHANUMERIC = "alphanumeric"
    """Name of 1 to 11 characters. Nobody can answer it."""
    SHORT_CODE = "short_code"
    """Number of 3 to 8 digits, in one country."""
    TOLL_FREE = "toll_free"
    """Toll-free number of North America."""
    VIRTUAL_NUMBER = "virtual_number"
    """Ordinary number that a provider rents out."""

    @property
    def is_network_answering_stop(self) -> bool:
        """True if the network answers STOP and START itself, which cannot be switched off: a confirmation of ours would be a
        second one."""
        return self is ProviderSenderKind.TOLL_FREE

    @property
    def is_identifying(self) -> bool:
        """True if the sender itself says who sends, so that the text need not name the brand."""
        return self is ProviderSenderKind.ALPHANUMERIC


# Names that every provider and network takes. A name of one or two characters, or with a space, is refused by some.
_SAFE_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}")
# On the air a name has at most 11 characters (3GPP TS 23.040 9.1.2.5).
_NAME = re.compile(r"(?=.*[A-Za-z])(?! )[A-Za-z0-9 ]{1,11}(?<! )")
_NAME_FORM = "1 to 11 ASCII letters and digits, at least one of them a letter"
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_TOLL_FREE_COUNTRIES = ("US", "CA")
_NORTH_AMERICA = 1  # calling code


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
    """Returns the sender that a text names. `country` (ISO 3166 alpha-2) is needed for a short code; `allows_spaces`: the
    provider takes names with spaces. Raises Refused (`bad_sender`), which says what is wrong and what is right."""
    match kind:
        case ProviderSenderKind.ALPHANUMERIC:
            return _parse_name(text, allows_spaces=allows_spaces)
        case ProviderSenderKind.SHORT_CODE:
            return _parse_short_code(text, country)
        case _:
            return _parse_number(kind, text)


def list_countries(sender: ProviderSender) -> tuple[str, ...] | None:
    """Returns the only countries to which a sender can write; None for a name or an ordinary number, which has no such bound."""
    if sender.kind is ProviderSenderKind.TOLL_FREE:
        return _TOLL_FREE_COUNTRIES
    return (sender.country,) if sender.kind is ProviderSenderKind.SHORT_CODE and sender.country is not None else None


def _parse_name(text: str, *, allows_spaces: bool) -> ProviderSender:
    if _NAME.fullmatch(text) is None:
        spaces = "; a space only between them" if allows_spaces else ""
        raise _refuse(f"{quote(text[:40])} is no name for a sender: it has {_NAME_FORM}{spaces}")
    if " " in text and not allows_spaces:
        raise _refuse(f"{quote(text)} has a space, which this provider does not take in a sender: it has {_NAME_FORM}")
    if _SAFE_NAME.fullmatch(text) is None:
        what = "a space" if " " in text else "fewer than 3 characters"
        warning = f"sender {quote(text)} has {what}; some networks change or refuse it"
        return ProviderSender(ProviderSenderKind.ALPHANUMERIC, text, None, (warning,))
    return ProviderSender(ProviderSenderKind.ALPHANUMERIC, text)


def _parse_short_code(text: str, country: str | None) -> ProviderSender:
    if _SHORT_CODE.fullmatch(text) is None:
        raise _refuse(f"{quote(text[:40])} is no short code: it has 3 to 8 digits")
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise _refuse(f"short code {text} needs its country, such as FR: it works in one country only")
    return ProviderSender(ProviderSenderKind.SHORT_CODE, text, country)


def _parse_number(kind: ProviderSenderKind, text: str) -> ProviderSender:
    if not text.strip().startswith("+"):
        raise _refuse(f"{quote(text[:40])} is no number in international form, such as +33612345678")
    try:
        found = parse_recipient(text, country=None)
    except Refused as refused:
        raise _refuse(refused.reason) from None
    number = phonenumbers.parse(found.number)
    is_toll_free = (
        number.country_code == _NORTH_AMERICA and phonenumbers.number_type(number) == PhoneNumberType.TOLL_FREE
    )
    if kind is ProviderSenderKind.TOLL_FREE and not is_toll_free:
        raise _refuse(f"{found.number} is no toll-free number of North America, such as +18005550123")
    if kind is not ProviderSenderKind.TOLL_FREE and is_toll_free:
        raise _refuse(f"{found.number} is a toll-free number: its kind is {ProviderSenderKind.TOLL_FREE}")
    return ProviderSender(kind, found.number, found.country, found.warnings)


def _refuse(why: str) -> Refused:
    return Refused(SenderCode.BAD_SENDER, why)
