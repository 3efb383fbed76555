"""Trial of a text: what would follow if somebody sent it, and why. Nothing is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers, sender_numbers
from modemd.rules.consent.join_words import JoinWords
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, InboundAction, InboundDecision, decide
from modemd.rules.consent.words.language import DEFAULT_LANGUAGE, choose_language, find_language_of
from modemd.rules.consent.words.matching import MatchTier, WordMatch, Words


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """Facts about the sender of a text that is tried. `home`: the country of numbers in national form; `open_answers`: see
    `decide`; `lists`: the titles of the lists, by name; `known_lists`: those that the sender is on or has left, None if that is
    not known; `joins`: the join words, by list; `asked_lists`: the lists that ask people to confirm, and how often messages come;
    `welcome_title`: what somebody gets who confirms, None for offers in general."""

    sender: str
    state: ConsentState = ConsentState.NONE
    open_answers: frozenset[str] | None = None
    contact_language: str | None = None
    last_language: str | None = None
    home: str | None = None
    brand: str | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    own_numbers: Collection[str] = ()
    known_lists: Collection[str] | None = None
    joins: Mapping[str, Collection[str]] = field(default_factory=dict)
    asked_lists: Mapping[str, str | None] = field(default_factory=dict)
    welcome_title: str | None = None


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
    match, decision = _decide(text, words, texts, facts, sender, country)
    language = _choose_language(match, texts, facts, country) if decision.tier is not None else None
    silence = _find_silence(decision, facts, sender)
    reply = _compose_reply(texts, decision, language, facts) if language is not None and silence is None else None
    because = decision.because if silence is None else f"{decision.because}; no reply: {silence}"
    if reply is not None and decision.action in _ANSWERED_IF_KNOWN and not _is_joined(decision):
        because += "; the reply goes only to a number that was written to within consent.confirm_within"
    tier = int(decision.tier) if decision.tier is not None else None
    return TextTrial(
        decision.action, tier, decision.word, language, decision.list_name, reply, because, sender, facts.state
    )


def _decide(
    text: str, words: Words, texts: Texts, facts: TrialFacts, sender: str, country: str | None
) -> tuple[WordMatch | None, InboundDecision]:
    """Returns what follows from a text, in the order in which an inbound message is read."""
    if texts.is_own_answer(text):
        because = "it is one of our own answers, which came back"
        return None, InboundDecision(InboundAction.NONE, None, None, because)
    match = words.match(text, country=country, lists=tuple(facts.lists), number=sender, own_numbers=facts.own_numbers)
    known = facts.lists if facts.known_lists is None else facts.known_lists
    if match is not None and match.list_name is not None and match.list_name not in known:
        general = words.match(text, country=country, number=sender, own_numbers=facts.own_numbers)
        match = general if general is not None and general.tier is MatchTier.EXACT else match
    decision = decide(match, facts.state, open_answers=facts.open_answers)
    joined = JoinWords(facts.joins).find_list(text)
    if joined is not None and decision.action in (InboundAction.NONE, InboundAction.OPT_IN):
        name, word = joined
        because = f"{word} is the join word of the list {name}"
        return match, InboundDecision(InboundAction.OPT_IN, MatchTier.EXACT, word, because, True, name)
    return match, decision


def _choose_language(match: WordMatch | None, texts: Texts, facts: TrialFacts, country: str | None) -> str:
    account = find_language_of(facts.home) or DEFAULT_LANGUAGE
    if match is None:
        known = texts.find_language(facts.contact_language) or texts.find_language(find_language_of(country))
        return known or account
    return choose_language(
        match,
        contact_language=facts.contact_language,
        last_language=facts.last_language,
        country=country,
        supported=texts.languages,
        account_language=account,
    )


def _is_joined(decision: InboundDecision) -> bool:
    return decision.action is InboundAction.OPT_IN and decision.list_name is not None


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
    if _is_joined(decision) and (name := decision.list_name or "") in facts.asked_lists:
        if facts.brand is None or facts.asked_lists[name] is None:
            return "a request to confirm names the brand and the frequency, which are not configured"
    elif not _is_joined(decision) and decision.action is InboundAction.OPT_IN and facts.state is ConsentState.OPTED_IN:
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
# Not answered if the number was not written to lately. A join or confirm word is one that strangers are asked to send.
_ANSWERED_IF_KNOWN = frozenset({InboundAction.OPT_OUT, InboundAction.OPT_IN, InboundAction.HELP})


def _compose_reply(texts: Texts, decision: InboundDecision, language: str, facts: TrialFacts) -> str | None:
    """Returns the text of the reply. The one place where a trial composes one."""
    kind = _KINDS.get(decision.action)
    name, title, frequency = decision.list_name, None, None
    if name is not None:
        title = facts.lists.get(name, name)
        kind = TextKind.LIST_OPT_OUT_REPLY
        if decision.action is InboundAction.OPT_IN:
            kind = TextKind.OPT_IN_REQUEST if name in facts.asked_lists else TextKind.WELCOME
            frequency = facts.asked_lists.get(name)
    elif decision.action is InboundAction.CONFIRM and facts.welcome_title is not None:
        kind, title = TextKind.WELCOME, facts.welcome_title
    if kind is None:
        return None
    return texts.compose(kind, language, brand=facts.brand, list_name=title, frequency=frequency)
