"""Judgement of a sender for one message: whether it may be used, and what a person should know. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import date
from functools import cache

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.words.matching import Words
from modemd.rules.senders.codes import SenderCode
from modemd.rules.senders.countries import NO_COUNTRIES, NameRule, SenderCountry, find_sender_country
from modemd.rules.senders.objection import find_ways_to_object
from modemd.rules.senders.registrations import SenderRegistration, describe_lack, find_registration
from modemd.rules.senders.reply_requests import asks_for_reply
from modemd.rules.senders.senders import ProviderSender, ProviderSenderKind, list_countries


@dataclass(frozen=True, slots=True)
class SenderRefusal:
    """Refusal of a sender for a message: the code (`sender_not_allowed`, `sender_not_registered`, `no_way_to_object`), and why,
    in words."""

    code: SenderCode
    because: str


@dataclass(frozen=True, slots=True)
class SenderJudgement:
    """Judgement. `refusal` None: the sender may send. `warnings`: what a person should know; a refused sender has them, too."""

    refusal: SenderRefusal | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SenderRules:
    """Facts that an installation knows. `registrations`: of this sender; `own_countries`: by ISO 3166 alpha-2, instead of those
    of the list; `own_numbers`: where an opt-out arrives (E.164, or short codes that the recipient can write to); `words`: those
    of consent in force, None for those that come with modemd."""

    registrations: tuple[SenderRegistration, ...] = ()
    own_countries: Mapping[str, SenderCountry] = field(default_factory=lambda: NO_COUNTRIES)
    own_numbers: Collection[str] = ()
    words: Words | None = None


NO_RULES = SenderRules()


def can_be_answered(
    sender: ProviderSender, country: str | None, own_countries: Mapping[str, SenderCountry] = NO_COUNTRIES
) -> bool | None:
    """Returns whether recipients of a country (ISO 3166 alpha-2) can answer a sender; None if that is not known, as with some
    short codes."""
    there = list_countries(sender)
    if sender.kind is ProviderSenderKind.ALPHANUMERIC or (there is not None and country not in there):
        return False
    if sender.kind is not ProviderSenderKind.SHORT_CODE:
        return True
    known = find_sender_country(country, own_countries)
    return known.has_two_way_short_codes if known is not None else None


def judge(
    sender: ProviderSender,
    country: str | None,
    message_class: MessageClass,
    text: str,
    today: date,
    rules: SenderRules = NO_RULES,
) -> SenderJudgement:
    """Returns whether a sender may send a text to a number of a country (ISO 3166 alpha-2, None if it has none). `today`: the day
    where the registrations end."""
    refusal, warnings = _judge_country(sender, country, today, rules)
    if refusal is None and message_class is MessageClass.MARKETING:
        refusal = _judge_text(sender, country, text, rules)
    return SenderJudgement(refusal, (*sender.warnings, *warnings))


def _judge_country(
    sender: ProviderSender, country: str | None, today: date, rules: SenderRules
) -> tuple[SenderRefusal | None, tuple[str, ...]]:
    """Returns why a sender may not write to a country, None if it may; and warnings."""
    there = list_countries(sender)
    if there is not None and country not in there:
        because = (
            f"{sender.value} reaches {' and '.join(there)} only, and the number is of {country or 'no known country'}"
        )
        return SenderRefusal(SenderCode.SENDER_NOT_ALLOWED, because), ()
    if sender.kind is not ProviderSenderKind.ALPHANUMERIC:
        return None, ()
    known = find_sender_country(country, rules.own_countries)
    if country is None or known is None:
        return None, (f"nobody knows whether {country or 'the country of this number'} takes names as senders",)
    if known.names is NameRule.NO:
        because = f"{country} takes no names as senders, as far as is known; send from a number"
        return SenderRefusal(SenderCode.SENDER_NOT_ALLOWED, because), ()
    registration = find_registration(rules.registrations, country, today)
    is_valid = registration is not None and registration.is_valid(today)
    if known.names is NameRule.REGISTERED and not is_valid:
        return SenderRefusal(SenderCode.SENDER_NOT_REGISTERED, describe_lack(registration, country)), ()
    warnings = []
    if known.names is NameRule.OVERWRITTEN:
        warnings.append(f"recipients in {country} see another sender than {sender.value}")
    if registration is not None and registration.ends_soon(today):
        warnings.append(f"the registration of {sender.value} in {country} ends on {registration.ends_on}: renew it")
    return None, tuple(warnings)


def _judge_text(sender: ProviderSender, country: str | None, text: str, rules: SenderRules) -> SenderRefusal | None:
    """Returns why marketing may not have this text; None if it may."""
    is_answered = can_be_answered(sender, country, rules.own_countries)
    if is_answered:
        return None
    fact = (
        f"nobody can answer {sender.value}"
        if is_answered is False
        else f"nobody knows whether {sender.value} can be answered in {country}"
    )
    words = rules.words or _load_words()
    if asks_for_reply(text, words, country):
        because = f"{fact}, and the text asks for an answer; write where to send it, or a link"
        return SenderRefusal(SenderCode.NO_WAY_TO_OBJECT, because)
    if not find_ways_to_object(text, rules.own_numbers, words.keywords, country):
        because = (
            f"{fact}, so marketing from it needs another way to end it: a link with https, an e-mail address, or a number of "
            "yours in international form"
        )
        return SenderRefusal(SenderCode.NO_WAY_TO_OBJECT, because)
    return None


@cache
def _load_words() -> Words:
    return Words.load()
