"""Vocabulary: the concepts of which wishes about messages are made (vocabulary.csv), and where a text has them.

A row has a language, a concept, and the words for it in natural spelling, parted by `|`. `*` at the end of a word stands for any
ending. Rows of the language `*` count in every language. In languages that write no spaces, a word is found inside others.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeVar

from modemd.rules.consent.words.normalisation import normalise
from modemd.rules.consent.words.tables import read_rows

ANY_LANGUAGE = "*"
# Languages whose words are found without spaces between them, and the first character of their scripts (Thai comes first).
_UNSPACED = frozenset({"zh", "ja", "ko", "th"})
_FIRST_UNSPACED = "\u0e00"
# So many characters of an unspaced text are as far apart as two words.
_CHARACTERS_A_WORD = 3
_SHORTEST_PREFIX = 2
_LONGEST_PREFIX = 14


class Concept(StrEnum):
    """Concept of vocabulary.csv."""

    CEASE = "cease"  # stop, no longer do
    CANCEL = "cancel"  # end, delete: ordinary words, too
    LEAVE = "leave"  # unsubscribe: words that can mean nothing else
    REMOVE = "remove"
    SELF = "self"  # me, my number
    LIST = "list"
    MESSAGE = "message"  # texts, advertising, offers, subscription
    SEND = "send"
    CONTACT = "contact"  # text, write to, bother
    NOT = "not"
    DONT = "dont"  # negation that turns a wish into its opposite: don't stop
    SEND_NOT = "sendneg"  # one word: do not send
    CONTACT_NOT = "contactneg"  # one word: do not write
    MORE = "more"  # any more, again, nothing
    NO_MORE = "nomore"
    WANT = "want"
    RECEIVE = "receive"
    GETS = "gets"  # receive, as somebody tells of it: I receive, no messages come
    PLEA = "plea"  # could you: a question that asks for something
    WITHDRAW = "withdraw"
    CONSENT = "consent"
    ASK = "ask"  # how, why, when
    OTHER = "other"  # appointments, orders, buses: what else can be stopped
    ANNOYED = "annoyed"
    WRONG = "wrong"  # wrong number
    LIMIT = "limit"  # if, after, today
    BLOCKED = "blocked"  # before a stop that is a noun: the bus stop
    SUBJECT = "subject"  # I, you: who does not write
    ALONE = "alone"  # leave me alone
    NOUN = "noun"  # before a word of leaving that is none: planta baja
    QUOTE = "quote"  # before a word that is only told: reply STOP to end
    FILLER = "filler"


Positions = dict[Concept, list[int]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of all concepts, by how they are found: `words` whole, `prefixes` by their beginning
    (`prefix_lengths`: how long those are that begin with two letters), `phrases` by their first word,
    `unspaced` anywhere. The value: pairs of language and concept."""

    words: Mapping[str, tuple[tuple[str, Concept], ...]]
    prefixes: Mapping[str, tuple[tuple[str, Concept], ...]]
    prefix_lengths: Mapping[str, tuple[int, ...]]
    phrases: Mapping[str, tuple[tuple[tuple[str, ...], bool, tuple[tuple[str, Concept], ...]], ...]]
    unspaced: tuple[tuple[str, tuple[tuple[str, Concept], ...]], ...]

    @classmethod
    def load(cls) -> Vocabulary:
        """Returns the vocabulary that comes with modemd."""
        return _read_vocabulary()

    def find(self, words: Sequence[str]) -> dict[str, Positions]:
        """Returns where `words` (normalised) have which concepts, by language: the places of the words, ascending. What counts in
        every language stands under each language that has something of its own, and under `*`."""
        found: dict[str, Positions] = {}

        def add(pairs: Iterable[tuple[str, Concept]], place: int) -> None:
            for language, concept in pairs:
                found.setdefault(language, {}).setdefault(concept, []).append(place)

        for place, word in enumerate(words):
            if (pairs := self.words.get(word)) is not None:
                add(pairs, place)
            for length in self.prefix_lengths.get(word[:_SHORTEST_PREFIX], ()):
                if (pairs := self.prefixes.get(word[:length])) is not None and length <= len(word):
                    add(pairs, place)
            for rest, is_open, pairs in self.phrases.get(word, ()):
                following = tuple(words[place + 1 : place + 1 + len(rest)])
                if following == rest or (is_open and following[:-1] == rest[:-1] and _begins(following, rest)):
                    for step in range(len(rest) + 1):
                        add(pairs, place + step)
        if any(word > _FIRST_UNSPACED for word in words):
            text = "".join(words)
            for part, pairs in self.unspaced:
                place = text.find(part)
                while place >= 0:
                    add(pairs, place // _CHARACTERS_A_WORD)
                    place = text.find(part, place + 1)
        everywhere = found.get(ANY_LANGUAGE, {})
        for language, positions in found.items():
            if language != ANY_LANGUAGE:
                for concept, places in everywhere.items():
                    positions[concept] = sorted({*positions.get(concept, ()), *places})
        return found


def is_unspaced(language: str) -> bool:
    """Returns whether a language is written without spaces between words, as far as we find its words."""
    return language in _UNSPACED


def _begins(following: tuple[str, ...], rest: tuple[str, ...]) -> bool:
    return len(following) == len(rest) and following[-1].startswith(rest[-1])


_Pairs = tuple[tuple[str, Concept], ...]
_Key = TypeVar("_Key", bound=Hashable)


@cache
def _read_vocabulary() -> Vocabulary:
    # Tuples that are shared from the beginning: a dictionary for each word would take twice the memory of the result.
    shared: dict[_Pairs, _Pairs] = {}

    def add(table: dict[_Key, _Pairs], key: _Key, pair: tuple[str, Concept]) -> None:
        known = table.get(key, ())
        if pair not in known:
            pairs = (*known, pair)
            table[key] = shared.setdefault(pairs, pairs)

    words: dict[str, _Pairs] = {}
    prefixes: dict[str, _Pairs] = {}
    phrases: dict[tuple[str, tuple[str, ...], bool], _Pairs] = {}
    unspaced: dict[str, _Pairs] = {}
    for row in read_rows("vocabulary.csv"):
        pair = (sys.intern(row["language"]), Concept(row["concept"]))
        for spelling in row["words"].split("|"):
            is_open = spelling.endswith("*")
            parts = normalise(spelling).split()
            if not parts:
                raise ValueError(f"{spelling!r} ({pair[0]}, {pair[1]}) has no letter and no digit")
            if is_unspaced(pair[0]) and not parts[0].isascii():
                add(unspaced, "".join(parts), pair)
            elif len(parts) > 1:
                add(phrases, (sys.intern(parts[0]), tuple(map(sys.intern, parts[1:])), is_open), pair)
            elif is_open:
                add(prefixes, parts[0][:_LONGEST_PREFIX], pair)
            else:
                add(words, sys.intern(parts[0]), pair)
    lengths_by_head: dict[str, set[int]] = {}
    for prefix in prefixes:
        lengths_by_head.setdefault(prefix[:_SHORTEST_PREFIX], set()).add(len(prefix))
    lengths: dict[tuple[int, ...], tuple[int, ...]] = {}
    by_first: dict[str, tuple[tuple[tuple[str, ...], bool, _Pairs], ...]] = {}
    for (first, rest, is_open), pairs in phrases.items():
        by_first[first] = (*by_first.get(first, ()), (rest, is_open, pairs))
    return Vocabulary(
        words,
        prefixes,
        {head: lengths.setdefault(found := tuple(sorted(each)), found) for head, each in lengths_by_head.items()},
        by_first,
        tuple(unspaced.items()),
    )
