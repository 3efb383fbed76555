"""Answer words: checks the words that a message declares as answers, so that they can be nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.rules.consent.join_words import JoinWords
from modemd.rules.consent.words.decision import ConsentState, InboundAction, decide, make_answer_words
from modemd.rules.consent.words.matching import Words
from modemd.rules.phone_numbers import find_country

MOST_ANSWERS = 10
LONGEST_ANSWER = 40
"""Characters."""


class AnswerWords:
    """Check of the words that messages declare as answers. `find_words` returns the words of consent in force."""

    def __init__(self, find_words: Callable[[], Words]) -> None:
        self._find_words = find_words
        self._known: tuple[Words, Settings, set[tuple[str, ...]]] | None = None

    def check(self, answers: Sequence[str], number: str, settings: Settings) -> tuple[str, ...]:
        """Returns the answers of a message to `number` without the blanks around them. Raises Refused (`bad_answers`) if there
        are too many, if one has no letters or is too long, or if it asks for something whatever the question is, as STOP does."""
        words = tuple(each.strip() for each in answers)
        if not words:
            return ()
        in_force, country = self._find_words(), find_country(number) or settings.country
        if self._known is None or self._known[0] is not in_force or self._known[1] is not settings:
            self._known = in_force, settings, set()
        checked = self._known[2]
        # The rows of a file declare the same words; to look them up takes longer than all else.
        if (key := (country or "", *words)) not in checked:
            _check(words, country, in_force, settings)
            checked.add(key)
        return words


def _check(answers: tuple[str, ...], country: str | None, words: Words, settings: Settings) -> None:
    if len(answers) > MOST_ANSWERS:
        raise Refused(
            ErrorCode.BAD_ANSWERS, f"{len(answers)} answers are too many; a message declares 1 to {MOST_ANSWERS}"
        )
    for each in answers:
        if len(each) > LONGEST_ANSWER or not make_answer_words([each]):
            raise Refused(
                ErrorCode.BAD_ANSWERS,
                f"{each!r} cannot be an answer; an answer has 1 to {LONGEST_ANSWER} characters, and letters or digits",
            )
    lists = tuple(settings.consent.lists)
    joins = JoinWords({name: each.join for name, each in settings.consent.lists.items()})
    open_answers = make_answer_words(answers)
    for each in answers:
        found = decide(words.match(each, country=country, lists=lists), ConsentState.NONE, open_answers=open_answers)
        if found.action is not InboundAction.NONE:
            meaning = (
                "a person would have to read it" if found.action is InboundAction.REVIEW else _MEANINGS[found.action]
            )
            raise Refused(
                ErrorCode.BAD_ANSWERS, f"{each!r} cannot be an answer: {meaning}, whatever was asked; take another word"
            )
        if (joined := joins.find_list(each)) is not None:
            raise Refused(
                ErrorCode.BAD_ANSWERS,
                f"{each!r} cannot be an answer: it is the join word of the list {joined[0]}; take another word",
            )


_MEANINGS = {
    InboundAction.OPT_OUT: "it opts people out",
    InboundAction.OPT_IN: "it opts people in",
    InboundAction.CONFIRM: "it confirms an opt-in",
    InboundAction.HELP: "it asks for help",
}
