"""Trial of a text: what would follow if somebody sent it, and why. Nothing is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from modemd.errors import ErrorCode, Refused
from modemd.rules import phone_numbers, sender_numbers
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, InboundAction, InboundDecision, decide
from modemd.rules.consent.words.language import choose_language
from modemd.rules.consent.words.matching import Words


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """Facts about the sender of a text that is tried. `home`: the country of numbers in national form; `open_answers`: see
    `decide`; `lists`: the titles of the lists, by name."""

    sender: str
    state: ConsentState = ConsentState.NONE
    open_answers: frozenset[str] | None = None
    contact_language: str | None = None
    last_language: str | None = None
    home: str | None = None
    brand: str | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    own_numbers: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class TextTrial:
    """Result of a trial. `tier` is None if nothing follows; `language`: of the reply; `reply`: the text that would be sent, None
    if none would; `because`: why all of it."""

    action: InboundAction
    tier: int | None
    word: str | None
    language: str | None
    list_name: str | None
    reply: str | None
    because: str
    sender: str
    state: ConsentState


def try_text(text: str, words: Words, texts: Texts, facts: TrialFacts) -> TextTrial:
    """Returns what follows from a text. Raises Refused (`bad_number`) if the sender is empty."""
    if not facts.sender.strip():
        raise Refused(ErrorCode.BAD_NUMBER, "the sender is empty; give a number, a short code or a name")
    sender = find_sender(facts.sender, facts.home)
    country = phone_numbers.find_country(sender) or facts.home
    match = words.match(text, country=country, lists=tuple(facts.lists), number=sender, own_numbers=facts.own_numbers)
    decision = decide(match, facts.state, open_answers=facts.open_answers)
    language = None
    if match is not None and decision.tier is not None:
        language = choose_language(
            match,
            contact_language=facts.contact_language,
            last_language=facts.last_language,
            country=country,
            supported=texts.languages,
        )
    silence = _find_silence(decision, facts, sender)
    reply = _compose_reply(texts, decision, language, facts) if language is not None and silence is None else None
    because = decision.because if silence is None else f"{decision.because}; no reply: {silence}"
    tier = int(decision.tier) if decision.tier is not None else None
    return TextTrial(
        decision.action, tier, decision.word, language, decision.list_name, reply, because, sender, facts.state
    )


def find_sender(typed: str, home: str | None) -> str:
    """Returns the number that a sender means: E.164 if it is one, else the short code or name as it is typed."""
    return sender_numbers.read_sender(typed.strip(), (home,) if home else ()).number


def _find_silence(decision: InboundDecision, facts: TrialFacts, sender: str) -> str | None:
    """Returns why no reply is sent; None if one is, or if nothing follows from the text."""
    if decision.action is InboundAction.NONE:
        return None
    if decision.action is InboundAction.REVIEW:
        return "a person reads it first, and marketing is held until then"
    if not decision.may_answer:
        return "they have opted out"
    if decision.action is InboundAction.OPT_OUT and facts.state is ConsentState.OPTED_OUT:
        return "they had opted out already"
    if decision.action is InboundAction.OPT_IN and facts.state is ConsentState.OPTED_IN:
        return "they had opted in already"
    if sender in facts.own_numbers:
        return "it is a number of our own"
    if not sender_numbers.may_be_answered(sender):
        return f"{sender} is a short code, a name or an expensive number, which are not answered"
    return None


_KINDS = {
    InboundAction.OPT_OUT: TextKind.OPT_OUT_REPLY,
    InboundAction.OPT_IN: TextKind.OPT_IN_REPLY,
    InboundAction.CONFIRM: TextKind.WELCOME_GENERAL,
    InboundAction.HELP: TextKind.HELP_REPLY,
}


def _compose_reply(texts: Texts, decision: InboundDecision, language: str, facts: TrialFacts) -> str | None:
    """Returns the text of the reply. The one place where a trial composes one."""
    kind = _KINDS.get(decision.action)
    if decision.action is InboundAction.OPT_OUT and decision.list_name is not None:
        title = facts.lists.get(decision.list_name, decision.list_name)
        return texts.compose(TextKind.LIST_OPT_OUT_REPLY, language, brand=facts.brand, list_name=title)
    return texts.compose(kind, language, brand=facts.brand) if kind is not None else None
