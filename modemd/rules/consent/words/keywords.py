"""Keywords: the words that come with modemd (keywords.csv), and the administrators' changes to them, as one frozen table.

A word is looked up by country first, then everywhere: first the changes for the country, then the changes for every country,
then the words that come with modemd. STOP, START, UNSTOP and HELP cannot be changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from functools import cache

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.normalisation import normalise
from modemd.rules.consent.words.tables import read_rows

FIXED_WORDS = frozenset({"stop", "start", "unstop", "help"})
_LONGEST_WORD = 40  # characters


class KeywordAction(Enum):
    """Action that a keyword asks for. The values are those of keywords.csv."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    CONFIRM = "confirm"
    """Yes, to a question that was asked; an ordinary answer if none was."""


class Strength(StrEnum):
    """Strength of a keyword: whether it can mean anything else."""

    STRONG = "strong"
    """Means only that: STOP, UNSUBSCRIBE."""
    WEAK = "weak"
    """An ordinary word, too: END, CANCEL, YES. It counts only as the whole text, and answers that were asked for shadow it."""
    PHRASE = "phrase"
    """Several words that are found anywhere in a text: remove me."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """Keyword in natural spelling, its normalised form, what it asks for, and the languages that have it. `countries` (ISO 3166
    alpha-2): the only ones whose numbers it counts for; empty means all."""

    spelling: str
    word: str
    action: KeywordAction
    strength: Strength
    languages: tuple[str, ...]
    countries: frozenset[str] = frozenset()
    source: str = ""


class ChangeKind(StrEnum):
    """Kind of a change that an administrator makes to the words."""

    ADD = "add"
    DISABLE = "disable"
    REASSIGN = "reassign"


@dataclass(frozen=True, slots=True)
class WordChange:
    """Change of an administrator to one word. `country`: the only one it is for; None means all. A word that is disabled has no
    action and no language."""

    kind: ChangeKind
    word: str
    action: KeywordAction | None = None
    language: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Keywords:
    """Table of the keywords in force. `shipped` by normalised word; `changes` by country or None and normalised word, with None
    for a word that is disabled."""

    shipped: Mapping[str, tuple[Keyword, ...]]
    changes: Mapping[tuple[str | None, str], Keyword | None]

    @classmethod
    def load(cls, changes: Iterable[WordChange] = ()) -> Keywords:
        """Returns the keywords that come with modemd, with an administrator's changes. Raises Refused if one is not allowed."""
        shipped = _read_shipped()
        return cls(shipped, {make_change_key(change): _make_changed(change, shipped) for change in changes})

    def find(self, word: str, country: str | None) -> Keyword | None:
        """Returns the keyword that a normalised word is for numbers of a country (None: it is not known); None if it is none."""
        if self.changes:
            for key in ((country, word), (None, word)):
                if key in self.changes:
                    return self.changes[key]
        return next(
            (each for each in self.shipped.get(word, ()) if not each.countries or country in each.countries), None
        )

    def is_disabled(self, word: str, country: str | None) -> bool:
        """Returns whether an administrator has disabled a normalised word for numbers of a country."""
        key = (country, word) if (country, word) in self.changes else (None, word)
        return key in self.changes and self.changes[key] is None

    @property
    def entries(self) -> tuple[Keyword, ...]:
        """Every keyword: those that come with modemd, in their order, and those that were added."""
        added = [each for each in self.changes.values() if each is not None]
        return (*(each for rows in self.shipped.values() for each in rows), *added)


def make_change_key(change: WordChange) -> tuple[str | None, str]:
    """Returns what tells a change from others: a later one with the same key replaces it."""
    return change.country, normalise(change.word)


def check_change(change: WordChange, keywords: Keywords) -> None:
    """Raises Refused if an administrator may not make this change: the word is fixed, none, longer than 40 characters,
    there already (add), or is not there (disable, reassign); the language is unknown; or a word that can mean nothing but an
    opt-out would mean consent."""
    if len(change.word) > _LONGEST_WORD:
        raise Refused(
            ErrorCode.BAD_WORD, f"a word has at most {_LONGEST_WORD} characters; this one has {len(change.word)}"
        )
    _make_changed(change, keywords.shipped)
    word = normalise(change.word)
    if change.language is not None and change.language.partition("-")[0] not in _list_languages():
        raise Refused(
            ErrorCode.BAD_WORD,
            f"{change.language!r} is no language of the words of consent; they are {', '.join(_list_languages())}",
        )
    if change.action in (KeywordAction.OPT_IN, KeywordAction.CONFIRM):
        for each in keywords.shipped.get(word, ()):
            if each.action is KeywordAction.OPT_OUT and each.strength is Strength.STRONG:
                raise Refused(
                    ErrorCode.FIXED_WORD,
                    f"{change.word!r} means only an opt-out ({', '.join(each.languages)}); it cannot mean consent",
                )
    known = keywords.find(word, change.country)
    if known is None and change.country is None:
        known = next(iter(keywords.shipped.get(word, ())), None)
        known = None if (None, word) in keywords.changes else known
    if change.kind is ChangeKind.ADD and known is not None:
        raise Refused(
            ErrorCode.NAME_TAKEN,
            f"{change.word!r} is a word already ({known.action.value}, {', '.join(known.languages)}); reassign it instead",
        )
    if change.kind is not ChangeKind.ADD and known is None:
        raise Refused(ErrorCode.NOT_FOUND, f"{change.word!r} is no word here; `modemd consent words` lists them")


def _make_changed(change: WordChange, shipped: Mapping[str, tuple[Keyword, ...]]) -> Keyword | None:
    word = normalise(change.word)
    if not word:
        raise Refused(ErrorCode.BAD_WORD, f"{change.word!r} has no letter and no digit; give a word")
    if word in FIXED_WORDS:
        raise Refused(
            ErrorCode.FIXED_WORD, f"{change.word!r} is fixed: STOP, START, UNSTOP and HELP always mean the same"
        )
    if change.kind is ChangeKind.DISABLE:
        return None
    if change.action is None or not change.language:
        raise Refused(ErrorCode.BAD_WORD, f"{change.word!r} needs an action and a language")
    known = shipped.get(word, ())
    strength = Strength.PHRASE if " " in word and change.action is KeywordAction.OPT_OUT else Strength.WEAK
    if known and known[0].action is change.action:
        strength = known[0].strength
    countries = frozenset({change.country} if change.country else ())
    return Keyword(change.word, word, change.action, strength, (change.language,), countries, "administrator")


@cache
def _read_shipped() -> Mapping[str, tuple[Keyword, ...]]:
    return make_table(read_rows("keywords.csv"))


@cache
def _list_languages() -> tuple[str, ...]:
    shipped = {language for rows in _read_shipped().values() for each in rows for language in each.languages}
    tags = shipped | {row["language"] for row in read_rows("languages.csv")}
    return tuple(sorted({tag.partition("-")[0] for tag in tags}))


def make_table(rows: Iterable[Mapping[str, str]]) -> Mapping[str, tuple[Keyword, ...]]:
    """Returns the keywords of rows as keywords.csv has them, by normalised word. Rows of one word with the same countries are one
    keyword. Raises ValueError if a word would mean two actions for one country, or has no letter and no digit."""
    table: dict[str, list[Keyword]] = {}
    for row in rows:
        word, action = normalise(row["keyword"]), KeywordAction(row["action"])
        if not word:
            raise ValueError(f"{row['keyword']!r} ({row['language']}) has no letter and no digit")
        countries = frozenset(row["countries"].split())
        new = Keyword(
            row["keyword"],
            word,
            action,
            Strength(row["strength"]),
            (sys.intern(row["language"]),),
            countries,
            sys.intern(row["source"]),
        )
        known = table.setdefault(word, [])
        for place, each in enumerate(known):
            is_shared = not (each.countries and countries) or not each.countries.isdisjoint(countries)
            if is_shared and each.action is not action:
                raise ValueError(f"{new.spelling!r} ({row['language']}) means {each.action.value} and {action.value}")
            if each.countries == countries:
                languages = (*each.languages, *new.languages)
                known[place] = Keyword(each.spelling, word, action, each.strength, languages, countries, each.source)
                break
        else:
            known.append(new)
    return {word: tuple(sorted(each, key=lambda keyword: not keyword.countries)) for word, each in table.items()}
