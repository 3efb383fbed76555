"""Vocabulary: the concepts of which wishes about messages are made (vocabulary.csv), and where a text has them.

A row has a language, a concept, and the words for it in natural spelling, separated by `|`. `*` at the end of a word stands for
any ending. Rows of the language `*` count in every language. In languages that write no spaces, a word is found inside others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.normalisation import normalise
from modemd.rules.consent.words.tables import read_rows
from modemd.rules.consent.words.word_table import WordTable

ANY_LANGUAGE = "*"
# Languages whose words are found without spaces between them, and the first character of their scripts (Thai comes first).
_UNSPACED = frozenset({"zh", "ja", "ko", "th"})
_FIRST_UNSPACED = "\u0e00"
# So many characters of an unspaced text are as far apart as two words.
_CHARACTERS_A_WORD = 3
# So many first characters tell which lengths are worth a look.
_HEAD = 2


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
Pairs = tuple[tuple[str, Concept], ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words and phrases of all concepts, normalised, with their pairs of language and concept: those that count whole (`whole`),
    those that any ending may follow (`open`), and those that are found anywhere (`unspaced`). `lengths`: how many characters the
    phrases and the open ones have, by the first two of them.

    The daemon keeps 10,000 of them, so the larger ones are tables that take little memory.
    """

    whole: WordTable[Pairs]
    open: WordTable[Pairs]
    unspaced: Mapping[str, Pairs]
    lengths: Mapping[str, tuple[int, ...]]

    @classmethod
    def load(cls) -> Vocabulary:
        """Returns the vocabulary that comes with modemd."""
        return _read_vocabulary()

    def find(self, words: Sequence[str]) -> dict[str, Positions]:
        """Returns where `words` (normalised) have which concepts, by language: the places of the words, ascending. What counts in
        every language stands under each language that has something of its own, and under `*`."""
        found: dict[str, Positions] = {}

        def add(pairs: Pairs, places: Iterable[int]) -> None:
            for language, concept in pairs:
                found.setdefault(language, {}).setdefault(concept, []).extend(places)

        text, start = " ".join(words), 0
        for place, word in enumerate(words):
            if (pairs := self.whole.get(word)) is not None:
                add(pairs, (place,))
            for length in self.lengths.get(text[start : start + _HEAD], ()):
                beginning = text[start : start + length]
                if len(beginning) < length:
                    break
                spanned = range(place, place + beginning.count(" ") + 1)
                if (pairs := self.open.get(beginning)) is not None:
                    add(pairs, spanned)
                is_end_of_word = text[start + length : start + length + 1] in ("", " ")
                if is_end_of_word and length > len(word) and (pairs := self.whole.get(beginning)) is not None:
                    add(pairs, spanned)
            start += len(word) + 1
        if any(word > _FIRST_UNSPACED for word in words):
            joined = "".join(words)
            for part, pairs in self.unspaced.items():
                place = joined.find(part)
                while place >= 0:
                    add(pairs, (place // _CHARACTERS_A_WORD,))
                    place = joined.find(part, place + 1)
        everywhere = found.get(ANY_LANGUAGE, {})
        for language, positions in found.items():
            if language != ANY_LANGUAGE:
                for concept, places in everywhere.items():
                    positions[concept] = sorted({*positions.get(concept, ()), *places})
        return found


def is_unspaced(language: str) -> bool:
    """Returns whether a language is written without spaces between words, as far as we find its words."""
    return language in _UNSPACED


@cache
def _read_vocabulary() -> Vocabulary:
    # Tuples that are shared from the beginning: a dictionary for each word would take twice the memory of the result.
    shared: dict[Pairs, Pairs] = {}

    def add(table: dict[str, Pairs], key: str, pair: tuple[str, Concept]) -> None:
        known = table.get(key, ())
        if pair not in known:
            pairs = (*known, pair)
            table[key] = shared.setdefault(pairs, pairs)

    whole: dict[str, Pairs] = {}
    opened: dict[str, Pairs] = {}
    unspaced: dict[str, Pairs] = {}
    for row in read_rows("vocabulary.csv"):
        pair = (sys.intern(row["language"]), Concept(row["concept"]))
        for spelling in row["words"].split("|"):
            words = normalise(spelling)
            if not words:
                raise ValueError(f"{spelling!r} ({pair[0]}, {pair[1]}) has no letter and no digit")
            if is_unspaced(pair[0]) and not words.partition(" ")[0].isascii():
                add(unspaced, words.replace(" ", ""), pair)
            elif spelling.endswith("*"):
                add(opened, words, pair)
            else:
                add(whole, words, pair)
    lengths_by_head: dict[str, set[int]] = {}
    for each in (*opened, *(words for words in whole if " " in words)):
        lengths_by_head.setdefault(each[:_HEAD], set()).add(len(each))
    lengths: dict[tuple[int, ...], tuple[int, ...]] = {}
    return Vocabulary(
        WordTable(whole),
        WordTable(opened),
        unspaced,
        {head: lengths.setdefault(found := tuple(sorted(each)), found) for head, each in lengths_by_head.items()},
    )
