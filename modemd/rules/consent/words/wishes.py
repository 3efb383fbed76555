"""Wishes: finds a wish for no more messages in a text, by what its words mean and how near to each other they stand.

The rules are the same for all languages; the words are in vocabulary.csv. What makes a wish doubtful (a question, a negation, a
condition, something else that is to be stopped) makes it one for a person to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.vocabulary import ANY_LANGUAGE, Concept, Positions, is_unspaced

# Words. A question word counts in so many words from the beginning.
_ASKED_WITHIN = 2
# Of the words that the likeliest language knows, a language must know at least this share.
_LEAST_SHARE = 0.8
_SUBJECT_WITHIN = 4
_OBJECT_WITHIN = 6
# Concepts that may follow STOP without changing what it says: stop these messages, stop it now.
_HARMLESS = frozenset(
    {
        Concept.CEASE, Concept.LEAVE, Concept.REMOVE, Concept.SELF, Concept.LIST, Concept.MESSAGE, Concept.SEND,
        Concept.CONTACT, Concept.SEND_NOT, Concept.CONTACT_NOT, Concept.MORE, Concept.NO_MORE, Concept.WANT, Concept.RECEIVE,
        Concept.ANNOYED, Concept.FILLER,
    }
)  # fmt: skip


class Clarity(IntEnum):
    """Clarity of a wish for no more messages."""

    CLEAR = 2
    DOUBTFUL = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """Wish that was found: how clear it is, the languages that read it so, and why."""

    clarity: Clarity
    languages: tuple[str, ...]
    because: str


def find_wish(found: Mapping[str, Positions], words: Sequence[str], *, is_question: bool) -> Wish | None:
    """Returns the wish for no more messages that a text has; None if it has none. `found`: its concepts by language
    (`Vocabulary.find`); `is_question`: it ends with a question mark."""
    clear: dict[str, str] = {}
    doubtful: dict[str, str] = {}
    has_number = any(len(word) > 2 and word.isdecimal() for word in words)  # of an order, perhaps
    known = {language: _count_known(positions) for language, positions in found.items() if language != ANY_LANGUAGE}
    has_doubts = False
    most = max(known.values(), default=0)
    for language, positions in found.items():
        if (language == ANY_LANGUAGE and known) or known.get(language, 0) < most * _LEAST_SHARE:
            continue  # a language of which the text has fewer words than of another is not the one it is written in
        reading = _Reading(positions, words, is_unspaced(language), is_question, has_number)
        wish = reading.find_wish()
        if wish is not None:
            (clear if wish[0] is Clarity.CLEAR else doubtful)[language] = wish[1]
        if wish is not None and wish[0] is Clarity.DOUBTFUL and known.get(language, 0) == most:
            has_doubts = True
    if has_doubts:
        doubtful, clear = doubtful | clear, {}
    for clarity, wishes in ((Clarity.CLEAR, clear), (Clarity.DOUBTFUL, doubtful)):
        if wishes:
            languages = tuple(language for language in wishes if language != ANY_LANGUAGE)
            return Wish(clarity, languages, next(iter(wishes.values())))
    return None


def _count_known(positions: Positions) -> int:
    return len({place for places in positions.values() for place in places})


def has_harmless_rest(found: Mapping[str, Positions], first: int, count: int) -> bool:
    """Returns whether every word from place `first` to `count` goes with a wish for no more messages in one language, and none
    tells of something else."""
    rest = range(first, count)
    return not has_doubt(found) and (
        not rest
        or any(
            {place for concept in _HARMLESS for place in positions.get(concept, ())}.issuperset(rest)
            for positions in found.values()
        )
    )


def has_doubt(found: Mapping[str, Positions]) -> bool:
    """Returns whether a language in which a text asks for something finds in it what makes that doubtful."""
    return any(
        Concept.OTHER in positions or Concept.LIMIT in positions
        for positions in found.values()
        if Concept.CEASE in positions or Concept.LEAVE in positions
    )


def tells_of_receiving(positions: Positions) -> bool:
    """Returns whether a reading tells what somebody receives, and wants nothing: I get no messages. Of "I want to receive none"
    and of "receive none" it does not."""
    if Concept.WANT in positions:
        return False
    # In English the verb has no ending that tells.
    return Concept.GETS in positions or any(
        0 < place - subject <= _SUBJECT_WITHIN
        for place in positions.get(Concept.RECEIVE, ())
        for subject in positions.get(Concept.SUBJECT, ())
    )


def leaves_something_else(positions: Positions, words: Sequence[str]) -> bool:
    """Returns whether a reading asks to be taken off something that is none of ours: unsubscribe from the print magazine. That is
    what follows the word for it and is no word of messages; in a question, what stands before it, too."""
    leaves = positions.get(Concept.LEAVE, ())
    if not leaves or Concept.MESSAGE in positions or Concept.LIST in positions:
        return False
    known = {place for places in positions.values() for place in places}
    last = max(leaves)
    behind = [words[place] for place in range(last + 1, min(last + _OBJECT_WITHIN, len(words))) if place not in known]
    if any(word.isdecimal() for word in words):
        return False  # a number that is to be taken off
    if len([word for word in behind if len(word) > 1]) > 1:
        return True
    before = [place for place in range(1, min(leaves)) if place not in known]
    return len(before) > 1 and last == len(words) - 1 and Concept.SELF not in positions


class _Reading:
    """Reading of one text in one language."""

    def __init__(
        self, positions: Positions, words: Sequence[str], is_unspaced: bool, is_question: bool, has_number: bool
    ) -> None:
        self._has_number = has_number
        self._positions = positions
        self._words = words
        self._count = len(words)
        self._is_unspaced = is_unspaced
        self._is_question = is_question
        self._negations = self._get(Concept.NOT, Concept.DONT, Concept.SEND_NOT, Concept.CONTACT_NOT)
        self._sends = self._get(Concept.SEND, Concept.SEND_NOT)
        self._contacts = self._get(Concept.CONTACT, Concept.CONTACT_NOT)
        self._more = self._get(Concept.MORE, Concept.NO_MORE)
        self._messages = self._get(Concept.MESSAGE)

    def find_wish(self) -> tuple[Clarity, str] | None:
        stop = self._find_stop()
        because = stop or self._find_refusal()
        if because is not None:
            doubt = self._find_doubt() or (self._find_question_of_end() if stop else self._find_complaint())
            return (Clarity.CLEAR, because) if doubt is None else (Clarity.DOUBTFUL, f"{because}, but {doubt}")
        for concept, why in (
            (Concept.ANNOYED, "somebody is annoyed"),
            (Concept.WRONG, "the number may be another person's"),
        ):
            if concept in self._positions:
                return Clarity.DOUBTFUL, why
        if self._messages and self._is_turned_round():
            return Clarity.DOUBTFUL, "it asks not to stop"
        if self._get(Concept.CEASE, Concept.CANCEL, Concept.REMOVE) and self._messages:
            return Clarity.DOUBTFUL, "a word of stopping stands in a text that speaks of messages"
        return None

    def _find_stop(self) -> str | None:
        """Finds leave the list, stop the messages, take me off."""
        if self._find_unturned(Concept.LEAVE):
            return "it asks to be taken off"
        stops = self._find_unturned(Concept.CEASE)
        if self._are_near(stops, self._messages, 5) or self._are_near(stops, self._sends + self._contacts, 5):
            return "it asks to stop the messages"
        if self._are_near(self._find_unturned(Concept.CANCEL), self._messages, 4) and not self._has_number:
            return "it asks to end the messages"
        if Concept.ALONE in self._positions:
            return "it asks to be left alone"
        removals = self._find_unturned(Concept.REMOVE)
        if self._are_near(removals, self._get(Concept.SELF, Concept.LIST), 3):
            return "it asks to be taken off"
        if self._are_near(self._get(Concept.WITHDRAW), self._get(Concept.CONSENT), 4):
            return "it withdraws consent"
        return None

    def _find_refusal(self) -> str | None:
        """Finds do not write, I do not want your messages, no more messages."""
        addressed = [place for place in self._negations if not self._has_subject(place) and not self._turns_stop(place)]
        contacts = [place for place in self._contacts if not self._has_subject(place)]
        sends = [place for place in self._sends if not self._has_subject(place)]
        about = self._get(Concept.SELF) + self._more + self._messages
        for contact in contacts:
            is_one_word = contact in self._get(Concept.CONTACT_NOT)
            if self._are_near(addressed, [contact], 3, at_same_place=is_one_word) and (
                self._count <= 3 or self._are_near([contact], about, 3, at_same_place=self._is_unspaced)
            ):
                return "it asks not to be written to"
        if self._are_near(addressed, sends, 3, at_same_place=Concept.SEND_NOT in self._positions) and (
            self._are_near(sends, self._messages + self._more, 4, at_same_place=True) or self._count <= 3
        ):
            return "it asks that nothing is sent"
        wants, receives = self._get(Concept.WANT), self._get(Concept.RECEIVE)
        refused = [place for place in wants if self._are_near(self._negations, [place], 3, at_same_place=True)]
        if self._are_near(refused, self._messages + self._contacts + self._sends, 5, at_same_place=True):
            return "it wants no messages"
        if self._are_near(refused, receives, 4) and (self._more or self._messages):
            return "it wants no messages"
        if self._are_near(addressed, receives, 3) and self._are_near(receives, self._messages + self._more, 4):
            return "it wants no messages"
        if self._are_near(self._get(Concept.NO_MORE), self._messages, 3):
            return "it wants no more messages"
        more = [place for place in self._more if self._are_near(self._negations, [place], 4)]
        if self._are_near(more, self._messages, 4) and self._are_near(self._negations, self._messages, 4):
            return "it wants no more messages"
        return None

    def _find_doubt(self) -> str | None:
        asked = self._get(Concept.ASK)
        if asked and (
            (self._is_unspaced and self._is_question) or (not self._is_unspaced and asked[0] < _ASKED_WITHIN)
        ):
            return "it is a question"
        if Concept.LIMIT in self._positions:
            return "only for a time, or under a condition"
        if Concept.OTHER in self._positions:
            return "it speaks of something else, too"
        if not self._is_unspaced and leaves_something_else(self._positions, self._words):
            return "it may ask to be taken off something that is not ours"
        return None

    def _find_question_of_end(self) -> str | None:
        """Finds: does the offer end? A request to stop names us or what we do: can you stop texting me?"""
        ours = (Concept.SELF, Concept.LIST, Concept.CONTACT, Concept.SEND, Concept.LEAVE, Concept.ALONE, Concept.PLEA)
        if self._is_question and not any(self._get(concept) for concept in ours):
            return "it asks whether something ends"
        return None

    def _find_complaint(self) -> str | None:
        """Finds: I no longer receive your messages. Nothing is wished there."""
        return "it tells that no messages come" if tells_of_receiving(self._positions) else None

    def _find_unturned(self, concept: Concept) -> list[int]:
        """Returns the places of a concept that no negation turns round, and that are no noun such as bus stop."""
        kept = []
        for place in self._get(concept):
            is_noun = (concept is Concept.CEASE and place - 1 in self._get(Concept.BLOCKED)) or (
                concept is Concept.LEAVE and place - 1 in self._get(Concept.NOUN)
            )
            if not is_noun and not self._is_negated(place):
                kept.append(place)
        return kept

    def _is_negated(self, place: int) -> bool:
        if self._is_unspaced:
            return bool(self._get(Concept.DONT))
        wants = self._get(Concept.WANT)
        for negation in self._get(Concept.DONT):
            gap = place - negation
            if 0 < gap <= 2 or (2 < gap <= 5 and any(negation < want < place for want in wants)):
                return True
        return False

    def _is_turned_round(self) -> bool:
        return any(self._is_negated(place) for place in self._get(Concept.CEASE, Concept.LEAVE))

    def _turns_stop(self, place: int) -> bool:
        """Returns whether what a negation at this place turns round is a word of stopping: don't stop."""
        following = place + 2 if place + 1 in self._negations else place + 1
        return following in self._get(Concept.CEASE)

    def _has_subject(self, place: int) -> bool:
        subjects = self._get(Concept.SUBJECT)
        return place - 1 in subjects or place + 1 in subjects

    def _get(self, *concepts: Concept) -> list[int]:
        if len(concepts) == 1:
            return self._positions.get(concepts[0], [])
        return [place for concept in concepts for place in self._positions.get(concept, ())]

    def _are_near(self, these: Iterable[int], those: Sequence[int], most: int, *, at_same_place: bool = False) -> bool:
        """Returns whether one of these is at most so many words from one of those. One word is not two, unless
        `at_same_place`, or the language writes no spaces."""
        least = 0 if at_same_place or self._is_unspaced else 1
        return any(least <= abs(one - other) <= most for one in these for other in those)
