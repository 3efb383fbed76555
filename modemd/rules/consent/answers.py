"""Answers: decides whether modemd may answer a word of consent by itself.

The word binds in any case. Only the answer is bounded: strangers must not make the owner pay, and two machines must not answer
each other. A person gets one answer of each kind a day. After any answer, only a bare word is answered again: an automatic answer
is a sentence, so two machines fall silent after one answer each.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules import sender_numbers
from modemd.rules.consent.texts.kinds import TextKind

# Changes of consent within a day that are answered. More of them are two machines, or somebody who plays.
MOST_CHANGES_A_DAY = 3
# Words of consent within a day that are answered, whether they changed anything or not.
MOST_WORDS_A_DAY = 3
# Words and characters of a text that a person types as one command: STOP, "STOP ALL", "STOP au 36111".
_MOST_BARE_WORDS = 3
_LONGEST_BARE_TEXT = 20
_LONGEST_SHORT_CODE = 6
# The plus and five digits: a country and the block of numbers that an operator rents out at once.
_PREFIX_LENGTH = 6


class SenderKind(StrEnum):
    """Kind of what a message names as its sender."""

    NUMBER = "number"
    SHORT_CODE = "short_code"
    NAME = "name"
    EMPTY = "empty"


def find_sender_kind(sender: str) -> SenderKind:
    """Returns the kind of a sender, as the network hands it on."""
    digits = sender.strip().removeprefix("+")
    if not digits:
        return SenderKind.EMPTY
    if not (digits.isascii() and digits.isdecimal()):
        return SenderKind.NAME
    return SenderKind.NUMBER if len(digits) > _LONGEST_SHORT_CODE else SenderKind.SHORT_CODE


def find_prefix(number: str) -> str:
    """Returns the first digits of a number, by which answers to a block of numbers are counted."""
    return number[:_PREFIX_LENGTH]


def is_bare_word(text: str) -> bool:
    """Returns True if a text is so short that a person typed it as a command; automatic answers are sentences."""
    return 0 < len(text.split()) <= _MOST_BARE_WORDS and len(text) <= _LONGEST_BARE_TEXT


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Most automatic answers: to a number in 24 hours, to numbers with the same five first digits in an hour, and in all in an
    hour."""

    per_number_day: int = 3
    per_prefix_hour: int = 100
    per_hour: int = 200


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """Facts about a word that could be answered.

    `kind`: the answer's; `sender`: as the network hands it on; `meant`: every number that its digits can mean, the likeliest
    first; `is_ending`: no country is known, so that `meant` can be several people. `written_to`: those of `meant` to whom modemd
    wrote within `consent.confirm_within`, in the same order. `answered`: kinds of the automatic answers to this contact within 24
    hours; `changes` and `words`: changes of consent and words of consent of this contact within 24 hours, with the present one.
    The counts are of automatic answers: to the number in 24 hours, to its prefix and to all in the last hour.
    """

    kind: TextKind
    sender: str
    text: str
    meant: tuple[str, ...]
    written_to: tuple[str, ...]
    own_numbers: Collection[str]
    is_ending: bool = False
    is_blocked: bool = False
    answered: tuple[TextKind, ...] = ()
    changes: int = 1
    words: int = 1
    count_number_day: int = 0
    count_prefix_hour: int = 0
    count_hour: int = 0


@dataclass(frozen=True, slots=True)
class AnswerDecision:
    """Decision about an answer: whether it may go and to which number, and else why not, as a code and in words. `needs_review`:
    a person should look at this contact. `is_over_limit`: a limit was reached that only strangers reach; an alarm tells it."""

    may_answer: bool
    code: str
    because: str
    needs_review: bool = False
    recipient: str | None = None
    is_over_limit: bool = False


def decide(facts: AnswerFacts, limits: AnswerLimits) -> AnswerDecision:
    """Returns whether an automatic answer may go. The first rule that forbids it is named."""
    needs_review = facts.changes > MOST_CHANGES_A_DAY
    refusal = _find_sender_refusal(facts) or _find_repetition(facts) or _find_limit(facts, limits)
    if refusal is not None:
        code, because = refusal
        return AnswerDecision(False, code, because, needs_review, is_over_limit=code in ("prefix_limit", "hour_limit"))
    recipient = next(number for number in facts.written_to if sender_numbers.may_be_answered(number))
    return AnswerDecision(True, "ok", f"{recipient} was written to lately", needs_review, recipient)


def _find_sender_refusal(facts: AnswerFacts) -> tuple[str, str] | None:
    """Returns why nobody at this sender is answered, as code and words."""
    kind = find_sender_kind(facts.sender)
    if kind is not SenderKind.NUMBER:
        return f"{kind}_sender", "a short code or a name is a machine, and no number of a person"
    answerable = [number for number in facts.meant if sender_numbers.may_be_answered(number)]
    if not answerable:
        return "costly_number", "the number is of premium rate, of a satellite telephone or of no country"
    if not set(facts.own_numbers).isdisjoint(facts.meant):
        return "own_number", "the number belongs to a SIM of this installation"
    if facts.is_blocked:
        return "blocked", "the number is blocked"
    written_to = [number for number in facts.written_to if number in answerable]
    if not written_to:
        return "not_written_to", "no message went to this number lately: strangers are not answered"
    if len(written_to) > 1 and facts.is_ending:
        return "ambiguous_number", "the digits can be the numbers of several people"
    return None


def _find_repetition(facts: AnswerFacts) -> tuple[str, str] | None:
    """Returns why this contact has had its answers, as code and words."""
    if facts.answered and not is_bare_word(facts.text):
        return (
            "automatic",
            "the text follows an automatic answer and is no bare word: it may be an automatic answer itself",
        )
    if facts.kind in facts.answered:
        return "answered", f"this contact has had an answer of the kind {facts.kind} within 24 hours"
    if facts.changes > MOST_CHANGES_A_DAY:
        return "too_many_changes", f"consent changed {facts.changes} times within 24 hours"
    if facts.words > MOST_WORDS_A_DAY:
        return "too_many_words", f"this is word of consent number {facts.words} within 24 hours"
    return None


def _find_limit(facts: AnswerFacts, limits: AnswerLimits) -> tuple[str, str] | None:
    """Returns which bound of the owner's costs is reached, as code and words."""
    if facts.count_number_day >= limits.per_number_day:
        return "number_limit", f"{facts.count_number_day} automatic answers went to this number within 24 hours"
    if facts.count_prefix_hour >= limits.per_prefix_hour:
        return (
            "prefix_limit",
            f"{facts.count_prefix_hour} automatic answers went to numbers that begin so within an hour",
        )
    if facts.count_hour >= limits.per_hour:
        return "hour_limit", f"{facts.count_hour} automatic answers went out within an hour"
    return None
