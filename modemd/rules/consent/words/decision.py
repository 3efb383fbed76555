"""Decision: what a word of consent means for the person who said it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.keywords import FIXED_WORDS, KeywordAction, Strength
from modemd.rules.consent.words.matching import MatchTier, WordMatch
from modemd.rules.consent.words.normalisation import normalise


class ConsentState(StrEnum):
    """State of a person's consent."""

    NONE = "none"
    PENDING = "pending"
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class InboundAction(StrEnum):
    """Action that follows from an inbound text."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    CONFIRM = "confirm"
    HELP = "help"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class InboundDecision:
    """Decision on an inbound text, and why. `may_answer`: False if nothing is sent, whatever the rules on answers say: no answer
    is due, or it is a HELP of somebody who opted out. `list_name`: the only list that is left."""

    action: InboundAction
    tier: MatchTier | None
    word: str | None
    because: str
    may_answer: bool = False
    list_name: str | None = None


def make_answer_words(words: Iterable[str]) -> frozenset[str]:
    """Returns the words that a message declares as answers, as `decide` compares them."""
    return frozenset(word for word in map(normalise, words) if word)


def decide(
    match: WordMatch | None, state: ConsentState, *, open_answers: frozenset[str] | None = None
) -> InboundDecision:
    """Returns what follows from a match for a person in a state.

    `open_answers`: the words, normalised, that a message of the last 24 hours declared as answers; None if no question is open.
    They shadow words that can mean something else, never STOP and its like in other languages, START, UNSTOP and HELP.
    """
    if match is None:
        return InboundDecision(InboundAction.NONE, None, None, "the text asks for nothing that we know")
    if open_answers is not None and _is_shadowed(match, open_answers):
        return _make_nothing(match, f"{match.word} is an answer to a question that was asked in the last 24 hours")
    if match.action is KeywordAction.OPT_OUT:
        is_sure = match.tier is not MatchTier.AMBIGUOUS
        action = InboundAction.OPT_OUT if is_sure else InboundAction.REVIEW
        return _make(match, action, match.because, may_answer=is_sure)
    if match.action is KeywordAction.HELP:
        if state is ConsentState.OPTED_OUT:
            return _make(match, InboundAction.HELP, "they have opted out: no answer is sent to a word for help")
        return _make(match, InboundAction.HELP, match.because, may_answer=True)
    if match.action is KeywordAction.OPT_IN:
        return _make(match, InboundAction.OPT_IN, match.because, may_answer=True)
    if open_answers is not None:
        return _make_nothing(match, f"{match.word} may answer the question that is open")
    if state is ConsentState.PENDING:
        return _make(match, InboundAction.CONFIRM, f"{match.because}, and they were asked", may_answer=True)
    if state is ConsentState.OPTED_OUT:
        return _make(match, InboundAction.OPT_IN, f"{match.because}, and they had opted out", may_answer=True)
    return _make_nothing(match, f"{match.word} is a plain answer: they were not asked, and have not opted out")


def _is_shadowed(match: WordMatch, open_answers: frozenset[str]) -> bool:
    if match.normalised in FIXED_WORDS or match.tier is not MatchTier.EXACT:
        return False
    return match.strength is not Strength.STRONG and match.normalised in open_answers


def _make(match: WordMatch, action: InboundAction, because: str, *, may_answer: bool = False) -> InboundDecision:
    return InboundDecision(action, match.tier, match.word, because, may_answer, match.list_name)


def _make_nothing(match: WordMatch, because: str) -> InboundDecision:
    return InboundDecision(InboundAction.NONE, None, match.word, because)
