"""Judgement of a sender for one message: whether it may be used, and what a person should know. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.opt_out_mention import asks_for_reply
from modemd.rules.senders.countries import NameRule, find_name_rule, load_sender_countries
from modemd.rules.senders.objection import names_way_to_object
from modemd.rules.senders.registrations import SenderRegistration, describe_lack, find_registration
from modemd.rules.senders.senders import ProviderSender, ProviderSenderKind, list_countries


class SenderRefusal(StrEnum):
    """Reason why a sender may not send a message."""

    NOT_THERE = "sender_not_there"
    """It works in other countries only."""
    NOT_ALLOWED = "sender_not_allowed"
    """The country takes no such senders."""
    NOT_REGISTERED = "sender_not_registered"
    NO_WAY_TO_OBJECT = "no_way_to_object"
    """Nobody can answer the sender, and the marketing names no other way to end it."""


@dataclass(frozen=True, slots=True)
class SenderJudgement:
    """Judgement. `refusal` None: the sender may send; `because`: the reason in words; `warnings`: what a person should know."""

    refusal: SenderRefusal | None = None
    because: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SenderRules:
    """Facts that an installation knows. `registrations`: of this sender; `own_rules`: for names, by country, instead of those of
    the list; `own_numbers`: where a word of consent arrives (E.164, or short codes)."""

    registrations: tuple[SenderRegistration, ...] = ()
    own_rules: Mapping[str, NameRule] = field(default_factory=lambda: MappingProxyType({}))
    own_numbers: Collection[str] = ()


def can_be_answered(sender: ProviderSender, country: str | None) -> bool | None:
    """Returns whether recipients of a country (ISO 3166 alpha-2) can answer a sender; None if that is not known."""
    if sender.kind is ProviderSenderKind.ALPHANUMERIC:
        return False
    if sender.kind is not ProviderSenderKind.SHORT_CODE:
        return True
    known = load_sender_countries().get(country) if country is not None else None
    return known.has_two_way_short_codes if known is not None else None


def judge(
    sender: ProviderSender,
    country: str | None,
    message_class: MessageClass,
    text: str,
    today: date,
    rules: SenderRules | None = None,
) -> SenderJudgement:
    """Returns whether a sender may send a text to a number of a country (ISO 3166 alpha-2, None if it has none)."""
    rules = rules or SenderRules()
    warnings = list(sender.warnings)
    there = list_countries(sender)
    if there is not None and country not in there:
        because = (
            f"{sender.value} works in {' and '.join(there)} only; the number is of {country or 'no known country'}"
        )
        return SenderJudgement(SenderRefusal.NOT_THERE, because)
    if (
        sender.kind is ProviderSenderKind.ALPHANUMERIC
        and (refused := _judge_name(country, today, rules, warnings)) is not None
    ):
        return refused
    if message_class is MessageClass.MARKETING and can_be_answered(sender, country) is not True:
        if asks_for_reply(text):
            because = f"nobody can answer {sender.value}, and the text asks for an answer"
            return SenderJudgement(SenderRefusal.NO_WAY_TO_OBJECT, because)
        if not names_way_to_object(text, rules.own_numbers):
            because = (
                f"nobody can answer {sender.value}, so marketing from it names a link, an e-mail address or a number at which "
                "one can end it"
            )
            return SenderJudgement(SenderRefusal.NO_WAY_TO_OBJECT, because)
    return SenderJudgement(warnings=tuple(warnings))


def _judge_name(country: str | None, today: date, rules: SenderRules, warnings: list[str]) -> SenderJudgement | None:
    """Returns the refusal of a name in a country; None if it may be used. Adds warnings."""
    rule = find_name_rule(country, rules.own_rules)
    if country is None or rule is None:
        warnings.append(f"nobody knows whether {country or 'the country of this number'} takes names as senders")
        return None
    if rule is NameRule.NO:
        return SenderJudgement(SenderRefusal.NOT_ALLOWED, f"{country} takes no names as senders; send from a number")
    if rule is NameRule.OVERWRITTEN:
        warnings.append(f"recipients in {country} see another sender than this name")
    registration = find_registration(rules.registrations, country, today)
    if rule is NameRule.REGISTERED and (registration is None or not registration.is_valid(today)):
        return SenderJudgement(SenderRefusal.NOT_REGISTERED, describe_lack(registration, country, today))
    if registration is not None and registration.ends_soon(today):
        warnings.append(f"the registration of the sender in {country} ends on {registration.ends_on}")
    return None
