"""Keywords: recognises the words by which people stop, come back, ask for help or say yes, and the language of the answer.

A word counts if it is the whole text after `normalise`, alone or repeated ("STOP STOP"). An opt-out word also counts with a
signature or courtesies beside it ("Stop, thank you"), with the short code of an operator behind it ("STOP au 36111", as French
messages ask for), spelt or stretched, and beside other opt-out words (see `phrasing`). A word inside a sentence does not count:
"the bus stop" is no wish. Nothing is ever matched towards consent by likeness: in Spanish ALTO stops and ALTA subscribes.

YES, OUI and their like are ordinary answers as well. They are CONFIRM, and count only for somebody who was asked.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib import resources

from modemd.rules.consent import phrasing
from modemd.rules.consent.texts.texts import DEFAULT_LANGUAGE, Texts

# Letters that NFKC and case folding leave alone, yet people type and read as these.
_PLAIN_LETTERS = str.maketrans({"ı": "i", "đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe"})
# Only here are marks accents that a hurried writer leaves out. In Devanagari or Thai they are vowels.
_ACCENTED_SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ", "HEBREW ", "ARABIC ")
_SHORT_CODE = re.compile(r"[0-9]{5}")
# A number of another length counts only behind a word that can mean nothing else: "cancel 1234" names an order.
_FIRM = frozenset(
    {"stop", "stopp", "stop sms", "stop pub", "arret", "arrete", "arretez", "unsubscribe", "baja", "abmelden", "стоп"}
)
# Characters. A longer text is no opt-out with a signature, and would take long to read.
_LONGEST_PHRASING = 600
# Signs that mean STOP by themselves.
_STOP_SIGNS = str.maketrans(dict.fromkeys("🛑⛔🚫", " stop "))

_COUNTRIES = {
    "en": "US GB IE AU NZ CA ZA SG IN NG KE GH JM TT",
    "fr": "FR MC LU RE GP MQ GF YT NC PF SN CI ML BF CM CG GA BJ TG NE TD MG CD",
    "de": "DE AT CH LI",
    "es": "ES MX AR CO PE VE CL EC GT CU BO DO HN PY SV NI CR PA UY PR GQ",
}

_LANGUAGE_OF_COUNTRY = {country: language for language, names in _COUNTRIES.items() for country in names.split()}


class KeywordAction(Enum):
    """Action that a keyword asks for. The values are those of keywords.csv."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    CONFIRM = "confirm"
    """Yes, to a question that was asked; an ordinary answer if none was."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """Keyword, normalised, and the languages that have it."""

    word: str
    action: KeywordAction
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeywordMatch:
    """Match of a text: the action, the keyword (normalised), and the language to answer in."""

    action: KeywordAction
    word: str
    language: str


class Keywords:
    """Keywords that are known. Raises ValueError if one of them would mean two actions, or has no letter and no digit."""

    def __init__(self, rows: Iterable[tuple[str, KeywordAction, str]]) -> None:
        """Takes `rows` of (language, action, word), the word in natural spelling."""
        self._keywords: dict[str, Keyword] = {}
        for language, action, spelling in rows:
            word = normalise(spelling)
            known = self._keywords.get(word, Keyword(word, action, frozenset()))
            if not word:
                raise ValueError(f"{spelling!r} ({language}) has no letter and no digit")
            if known.action is not action:
                raise ValueError(f"{spelling!r} ({language}) means {known.action.value} and {action.value}")
            self._keywords[word] = Keyword(word, action, known.languages | {language})
        self._longest = max((len(word.split()) for word in self._keywords), default=0)

    @classmethod
    def load(cls) -> Keywords:
        """Returns the keywords that come with modemd, read from keywords.csv beside this module."""
        text = (resources.files("modemd.rules.consent") / "keywords.csv").read_text(encoding="utf-8")
        return cls(
            (row["language"], KeywordAction(row["action"]), row["keyword"]) for row in csv.DictReader(text.splitlines())
        )

    @property
    def entries(self) -> tuple[Keyword, ...]:
        """Every keyword, in the order of the list."""
        return tuple(self._keywords.values())

    def match(
        self,
        text: str,
        *,
        contact_language: str | None = None,
        last_language: str | None = None,
        country: str | None = None,
    ) -> KeywordMatch | None:
        """Returns what `text` asks for; None if it is no keyword.

        The answer's language is the keyword's own if only one language has it (of those with texts of ours); else the
        contact's, else that of the last message sent to them, else that of `country` (ISO 3166 alpha-2), else English.
        Languages are tags such as `fr` or `fr-CA`; those without texts of ours are passed over.
        """
        keyword = self._find_keyword(text)
        if keyword is None:
            return None
        texts = Texts.load()
        spoken = {each for each in keyword.languages if texts.find_language(each)} or keyword.languages
        language = next(iter(spoken)) if len(spoken) == 1 else None
        for tag in (contact_language, last_language, _LANGUAGE_OF_COUNTRY.get((country or "").upper())):
            language = language or texts.find_language(tag)
        return KeywordMatch(keyword.action, keyword.word, language or DEFAULT_LANGUAGE)

    def _find_keyword(self, text: str) -> Keyword | None:
        words = normalise(text).split()
        once = _collapse_repetition(words)
        if (keyword := self._keywords.get(" ".join(once))) is not None:
            return keyword
        return self._find_opt_out(text) if len(text) <= _LONGEST_PHRASING else None

    def _find_opt_out(self, text: str) -> Keyword | None:
        """Returns the opt-out word of a text that says it in more words, or other than it is listed."""
        words = phrasing.strip_courtesies(normalise(phrasing.cut_signature(text)).split())
        words, number = phrasing.split_number(words)
        words = phrasing.join_spelt(phrasing.strip_courtesies(words))
        found = self._find_opt_outs(_collapse_repetition(words))
        if found is None or number is None or _SHORT_CODE.fullmatch(number) or found.word in _FIRM:
            return found
        return None

    def _find_opt_outs(self, words: list[str]) -> Keyword | None:
        """Returns the first of several opt-out words that make up the whole text; None if anything else is in it."""
        first: Keyword | None = None
        while words:
            for length in range(min(self._longest, len(words)), 0, -1):
                keyword = self._keywords.get(" ".join(words[:length]))
                if keyword is not None and keyword.action is KeywordAction.OPT_OUT:
                    first, words = first or keyword, words[length:]
                    break
            else:
                return None
        return first


def normalise(text: str) -> str:
    """Returns `text` as keywords are compared: one case, no accents, words of letters and digits parted by single spaces.

    Stop signs (🛑) made words, NFKC, case folding, marks dropped after Latin, Greek, Cyrillic, Hebrew and Arabic letters (and
    if they follow no letter at all, as the selectors after emoji do), invisible characters dropped, a few letters spelt
    plainly, everything but letters, digits and marks made a space, NFC, spaces collapsed. Normalising twice changes nothing
    more.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_STOP_SIGNS)).casefold()
    kept: list[str] = []
    carries_marks = False  # whether a mark that follows belongs to the word
    for character in unicodedata.normalize("NFD", folded):
        match unicodedata.category(character)[0]:
            case "M":
                kept.append(character if carries_marks else "")
            case "L" | "N":
                carries_marks = not _has_removable_accents(character)
                kept.append(character)
            case "C" if unicodedata.category(character) == "Cf":
                pass  # invisible: soft hyphens, joiners, marks of direction; they part no words
            case _:
                carries_marks = False
                kept.append(" ")
    return " ".join(unicodedata.normalize("NFC", "".join(kept).translate(_PLAIN_LETTERS)).split())


@lru_cache(maxsize=1024)
def _has_removable_accents(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_ACCENTED_SCRIPTS)


def _collapse_repetition(words: list[str]) -> list[str]:
    """Returns the shortest beginning of `words` that gives the whole if repeated: of STOP ALL STOP ALL it is STOP ALL."""
    for length in range(1, len(words) // 2 + 1):
        if len(words) % length == 0 and words[:length] * (len(words) // length) == words:
            return words[:length]
    return words
