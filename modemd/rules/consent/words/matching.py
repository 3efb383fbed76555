"""Matching: what an inbound text asks for, and how sure that is.

Tier 1, exact: the whole text is an opt-out word, alone, repeated or several of them; with courtesies, a signature or quoted text
round it; with the number of a sender of ours, with a short code of five digits or (behind a word that means only that) with any
number; with the name of a list. Tier 2, a clear phrase: a listed phrase, a wish for no more messages (`wishes`), or a word that
means only that, with at most four more that go with it. Tier 3, ambiguous: such a word elsewhere, or one letter off, or a wish
that is doubtful; a person must look. Words that opt in, confirm or ask for help are always the whole text: nothing is ever
matched towards consent by likeness. In Spanish ALTO stops and ALTA subscribes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from enum import IntEnum
from functools import cached_property

import phonenumbers

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words import list_names, phrasing, wishes
from modemd.rules.consent.words.keywords import Keyword, KeywordAction, Keywords, Strength, WordChange
from modemd.rules.consent.words.normalisation import list_undisguised, normalise
from modemd.rules.consent.words.vocabulary import ANY_LANGUAGE, Concept, Positions, Vocabulary, is_unspaced
from modemd.rules.consent.words.wishes import Clarity, Wish, find_wish, has_doubt, has_harmless_rest

# Characters. A longer text is no opt-out with a signature: only its beginning is read for phrases.
_LONGEST_READ = 1000
_LONGEST_NORMALISED = 5000
_MOST_WORDS_READ = 80
# Words of a text whose first means only an opt-out.
_MOST_WORDS_BEHIND_STRONG = 5
_SHORTEST_LIKE = 4  # letters
_MOST_PIECES = 6  # of a word that has spaces in it: STO P
_QUESTION_ENDS = ("?", "？", "؟", "ましたか")
_SHORT_CODE = re.compile(r"[0-9]{5}")
_ENOUGH_OF_NUMBER = 8  # digits by which a number of ours is told
# "No, stop": the answer before the wish is no negation of it.
_LEADING_NO = re.compile(r"^\W*(?:no|nein|nee|nej|nei|non|não|nao|нет|ні|nie|ne)\s*[,.!;:\n]+", re.IGNORECASE)
# Words that messages tell people to reply.
_TOLD = frozenset({"stop", "stopp", "start", "стоп", "στοπ", "baja", "arret", "unsubscribe", "help"})
# Languages that have the verb behind: STOP yazın.
VERB_LAST = frozenset({"tr", "fa", "hi", "bn", "ta", "ur", "eu"})
_TOLD_IN_CAPITALS = ("STOP", "START")


class MatchTier(IntEnum):
    """Certainty of a match: the tiers 1, 2 and 3."""

    EXACT = 1
    PHRASE = 2
    AMBIGUOUS = 3


@dataclass(frozen=True, slots=True)
class WordMatch:
    """Match of a text. `word`: the keyword as it is listed, or what was read as a wish; `normalised`: as it is compared, empty if
    no keyword was found; `languages`: those that have it, empty if any may be meant; `list_name`: the list that is left."""

    action: KeywordAction
    tier: MatchTier
    word: str
    languages: tuple[str, ...]
    list_name: str | None
    because: str
    strength: Strength = Strength.STRONG
    normalised: str = ""


@dataclass(frozen=True)
class Words:
    """Words of consent in force: keywords with the administrators' changes, and the vocabulary of wishes.

    `any_stop_counts`: calling prefixes (`+1`) of the numbers from which the word STOP anywhere in a text is a clear phrase.
    """

    keywords: Keywords
    vocabulary: Vocabulary
    any_stop_counts: tuple[str, ...] = ("+1",)

    @classmethod
    def load(cls, changes: Iterable[WordChange] = (), *, any_stop_counts: Iterable[str] = ("+1",)) -> Words:
        """Returns the words that come with modemd, with an administrator's changes. Raises Refused if a change is not allowed."""
        return cls(Keywords.load(changes), Vocabulary.load(), tuple(any_stop_counts))

    def match(
        self,
        text: str,
        *,
        country: str | None = None,
        lists: Collection[str] = (),
        number: str | None = None,
        own_numbers: Collection[str] = (),
    ) -> WordMatch | None:
        """Returns what `text` asks for; None if nothing. `country` (ISO 3166 alpha-2): that of the sender's `number`; `lists`:
        the names of the lists that can be left; `own_numbers`: those that can stand behind an opt-out word."""
        is_whole = text.isascii() or len(text) <= _LONGEST_NORMALISED
        words = normalise(text if is_whole else text[:_LONGEST_READ]).split()
        country = country.upper() if country else None
        if not words:
            return None
        once = _collapse_repetition(words)
        keyword = self.keywords.find(" ".join(once), country)
        stops = keyword is not None and keyword.action is KeywordAction.OPT_OUT
        if keyword is not None and (is_whole or stops):
            if stops and lists and (left := _Text(self, "", "", once, country).find_list(once, lists)) is not None:
                return left
            return _make_match(keyword, MatchTier.EXACT, f"the whole text is {keyword.spelling}")
        cut = phrasing.cut_surroundings(text[:_LONGEST_READ])
        if cut != text:
            words = normalise(cut).split()
            keyword = self.keywords.find(" ".join(words), country)
            if keyword is not None and keyword.action is KeywordAction.HELP:
                return _make_match(keyword, MatchTier.EXACT, f"the whole text is {keyword.spelling}")
        read = _Text(self, text, cut, words[:_MOST_WORDS_READ], country)
        if len(text) <= _LONGEST_READ and (exact := read.find_exact(lists, own_numbers)) is not None:
            return exact
        if read.is_instruction:
            return None
        prefix = number or _find_calling_prefix(country)
        return read.find_phrase(any_stop_counts=prefix.startswith(self.any_stop_counts)) or read.find_ambiguous()

    @cached_property
    def strong_words(self) -> tuple[str, ...]:
        """The opt-out words that mean only that and are one word, normalised."""
        return tuple(
            each.word
            for each in self.keywords.entries
            if _is_strong(each) and " " not in each.word and len(each.word) >= _SHORTEST_LIKE
        )

    @cached_property
    def phrases_by_first(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        """The listed phrases as words, by their first one."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for each in self.keywords.entries:
            if each.strength is Strength.PHRASE and each.action is KeywordAction.OPT_OUT:
                words = tuple(each.word.split())
                found.setdefault(words[0], []).append(words)
        return {first: tuple(sorted(phrases, key=len, reverse=True)) for first, phrases in found.items()}

    @cached_property
    def longest_keyword(self) -> int:
        """The number of words of the longest keyword."""
        return max(len(each.word.split()) for each in self.keywords.entries)


class _Text:
    """One text, read for an opt-out."""

    def __init__(self, words: Words, text: str, cut: str, normalised: list[str], country: str | None) -> None:
        self._table = words
        self._country = country
        keywords = words.keywords
        if keywords.changes:  # what an administrator has disabled says nothing
            normalised = [word for word in normalised if not keywords.is_disabled(word, country)]
        self._words = normalised
        self._stripped = phrasing.join_spelt(phrasing.strip_courtesies(normalised))
        self._is_question = cut.rstrip("\n 。.!").endswith(_QUESTION_ENDS)
        self._cut = cut

    def find_exact(self, lists: Collection[str], own_numbers: Collection[str]) -> WordMatch | None:
        if lists and (match := self.find_list(self._stripped, lists)) is not None:
            return match
        words, number = phrasing.split_number(phrasing.strip_courtesies(self._words))
        words = phrasing.join_spelt(phrasing.strip_courtesies(words))
        found = self._find_opt_outs(_collapse_repetition(words))
        if found is None and lists:
            found = self._find_opt_outs(list_names.cut_names(words, lists))
        if found is None:
            return None
        if number is None:
            return _make_match(found, MatchTier.EXACT, f"the whole text is {found.spelling}, as people write it")
        if _SHORT_CODE.fullmatch(number) or _is_own(number, own_numbers) or found.strength is not Strength.WEAK:
            return _make_match(found, MatchTier.EXACT, f"the whole text is {found.spelling} and a number")
        return None

    def find_list(self, words: list[str], lists: Collection[str]) -> WordMatch | None:
        """Returns the match of one strong word and the name of one list: STOP promo. Anything else ends all lists."""
        keyword = self._find_opt_out(words[:1])
        if keyword is None or not _is_strong(keyword):
            return None
        name = list_names.find_name(words[1:], lists)
        if name is None or self._find_opt_out(normalise(name).split()) is not None:
            return None
        match = _make_match(keyword, MatchTier.EXACT, f"the whole text is {keyword.spelling} and the list {name}")
        return replace(match, list_name=name)

    def _find_opt_out(self, words: Sequence[str]) -> Keyword | None:
        """Returns the opt-out keyword that these words are, also in disguise."""
        keyword = self._table.keywords.find(" ".join(words), self._country)
        if keyword is not None:
            return keyword if keyword.action is KeywordAction.OPT_OUT else None
        if len(words) == 1:
            for meant in list_undisguised(words[0]):
                keyword = self._table.keywords.find(meant, self._country)
                if keyword is not None and _is_strong(keyword):
                    return keyword
        return None

    def _find_opt_outs(self, words: list[str]) -> Keyword | None:
        """Returns the first of several opt-out words that make up the whole text; None if anything else is in it."""
        first: Keyword | None = None
        while words:
            for length in range(min(self._table.longest_keyword, len(words)), 0, -1):
                if (keyword := self._find_opt_out(words[:length])) is not None:
                    first, words = first or keyword, words[length:]
                    break
            else:
                if first is None or words[0] not in list_names.ALL:
                    return None
                words = words[1:]
        return first

    @property
    def is_instruction(self) -> bool:
        """True if a text tells what somebody could reply, as our own messages do: "Reply STOP to end them"."""
        found = self._concepts
        told = [place for place, word in enumerate(self._words) if word in _TOLD]
        for language, positions in found.items():
            quotes = positions.get(Concept.QUOTE, ())
            if is_unspaced(language) and quotes and any(word in self._cut for word in _TOLD_IN_CAPITALS):
                return True
            distances = (1, 2, -1, -2) if language in VERB_LAST else (1, 2)
            if any(place - quote in distances for place in told for quote in quotes):
                return True
        return False

    def find_phrase(self, *, any_stop_counts: bool) -> WordMatch | None:
        first = self._find_strong_first()
        if first is not None and len(self._stripped) <= _MOST_WORDS_BEHIND_STRONG and not self._is_asked:
            rest = self._table.vocabulary.find(self._stripped)
            is_sure = _means_leaving(rest, first) and not has_doubt(rest)
            is_other = any(wishes.leaves_something_else(rest.get(each, {}), self._stripped) for each in first.languages)
            if has_harmless_rest(rest, 1, len(self._stripped)) or (is_sure and not is_other):
                return _make_match(first, MatchTier.PHRASE, f"it begins with {first.spelling}")
        if (listed := self._find_listed()) is not None and not self._is_doubtful(*listed):
            return _make_match(listed[0], MatchTier.PHRASE, f"it says: {listed[0].spelling}")
        wish = self._wish
        if wish is not None and wish.clarity is Clarity.CLEAR:
            return WordMatch(
                KeywordAction.OPT_OUT,
                MatchTier.PHRASE,
                self._quote(),
                wish.languages,
                None,
                wish.because,
                Strength.PHRASE,
            )
        if (
            any_stop_counts
            and "stop" in self._words
            and (keyword := self._table.keywords.find("stop", None)) is not None
        ):
            return _make_match(
                keyword, MatchTier.PHRASE, "the word STOP is in it, which is enough from numbers of this country"
            )
        return None

    def find_ambiguous(self) -> WordMatch | None:
        for word in self._words:
            keyword = self._table.keywords.find(word, self._country)
            if keyword is not None and _is_strong(keyword):
                return _make_match(keyword, MatchTier.AMBIGUOUS, f"{keyword.spelling} is in it, among other words")
        if (listed := self._find_listed()) is not None:
            return _make_match(listed[0], MatchTier.AMBIGUOUS, f"it has the words: {listed[0].spelling}, among others")
        if self._wish is not None:
            languages = self._wish.languages
            return WordMatch(
                KeywordAction.OPT_OUT,
                MatchTier.AMBIGUOUS,
                self._quote(),
                languages,
                None,
                self._wish.because,
                Strength.PHRASE,
            )
        joined = self._find_opt_out(["".join(self._stripped)]) if 1 < len(self._stripped) <= _MOST_PIECES else None
        if joined is not None and _is_strong(joined):
            return _make_match(joined, MatchTier.AMBIGUOUS, f"it is {joined.spelling} with spaces in it")
        if len(self._stripped) == 1 and len(word := self._stripped[0]) >= _SHORTEST_LIKE:
            for strong in self._table.strong_words:
                if abs(len(strong) - len(word)) <= 1 and _is_one_edit_away(word, strong):
                    keyword = self._table.keywords.find(strong, self._country)
                    if keyword is not None:
                        return _make_match(keyword, MatchTier.AMBIGUOUS, f"it is one letter off {keyword.spelling}")
        return None

    @cached_property
    def _concepts(self) -> dict[str, Positions]:
        return self._table.vocabulary.find(self._words)

    @cached_property
    def _wish(self) -> Wish | None:
        without_no = _LEADING_NO.sub("", self._cut)
        words = self._words
        if without_no != self._cut:
            words = words[len(words) - len(normalise(without_no).split()[:_MOST_WORDS_READ]) :]
        found = self._concepts if words is self._words else self._table.vocabulary.find(words)
        return find_wish(found, words, is_question=self._is_question)

    @property
    def _is_asked(self) -> bool:
        return any(
            positions[Concept.ASK][0] < 1
            for positions in self._concepts.values()
            if Concept.ASK in positions and (Concept.CEASE in positions or Concept.LEAVE in positions)
        )

    def _find_strong_first(self) -> Keyword | None:
        for words in (self._stripped[:2], self._stripped[:1]):
            keyword = self._find_opt_out(words) if words else None
            if keyword is not None and _is_strong(keyword):
                return keyword
        return None

    def _find_listed(self) -> tuple[Keyword, int] | None:
        """Returns a listed phrase that the text has, and its place."""
        for place, word in enumerate(self._words):
            for phrase in self._table.phrases_by_first.get(word, ()):
                if tuple(self._words[place : place + len(phrase)]) == phrase:
                    keyword = self._table.keywords.find(" ".join(phrase), self._country)
                    if keyword is not None and keyword.action is KeywordAction.OPT_OUT:
                        return keyword, place
        return None

    def _is_doubtful(self, phrase: Keyword, place: int) -> bool:
        """Returns whether a listed phrase is not surely a wish here: it is negated, or the text asks something, has a condition,
        or is about something else."""
        readings = [self._concepts[language] for language in phrase.languages if language in self._concepts]
        return (
            self._is_asked
            or has_doubt(self._concepts)
            or any(Concept.LIMIT in each or Concept.OTHER in each for each in readings)
            or any(wishes.tells_of_receiving(each) and Concept.LEAVE not in each for each in readings)
            or any(wishes.leaves_something_else(each, self._words) for each in readings)
            or any(0 < place - negation <= 2 for each in readings for negation in each.get(Concept.DONT, ()))
        )

    def _quote(self) -> str:
        return " ".join(self._words[:12])


def _make_match(keyword: Keyword, tier: MatchTier, because: str) -> WordMatch:
    languages = tuple(dict.fromkeys(keyword.languages))
    return WordMatch(keyword.action, tier, keyword.spelling, languages, None, because, keyword.strength, keyword.word)


def _is_strong(keyword: Keyword) -> bool:
    return keyword.action is KeywordAction.OPT_OUT and keyword.strength is Strength.STRONG


def _means_leaving(found: dict[str, Positions], keyword: Keyword) -> bool:
    """Returns whether a word in the first place can only mean leaving a list: unsubscribe, but not stop."""
    is_stop = any(0 in positions.get(Concept.CEASE, ()) for positions in found.values())
    return not is_stop and any(
        0 in positions.get(Concept.LEAVE, ())
        for language, positions in found.items()
        if language == ANY_LANGUAGE or language in {each.partition("-")[0] for each in keyword.languages}
    )


def _is_own(number: str, own_numbers: Collection[str]) -> bool:
    """Returns whether digits that somebody typed are a number of ours, in national form, too."""
    ending = number.lstrip("0")[-_ENOUGH_OF_NUMBER:]
    return any(
        number == own.lstrip("+") or (len(ending) == _ENOUGH_OF_NUMBER and own.endswith(ending)) for own in own_numbers
    )


def _find_calling_prefix(country: str | None) -> str:
    """Returns the calling prefix of a country, such as +1; the empty text if it is not known."""
    code = phonenumbers.country_code_for_region(country) if country else 0
    return f"+{code}" if code else ""


def _is_one_edit_away(one: str, other: str) -> bool:
    """Returns whether one letter more, less or other, or two neighbours that changed places, make one word of the other."""
    if one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, others = one[start:], other[start:]
    if len(rest) == len(others):
        return rest[1:] == others[1:] or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    return rest[1:] == others or rest == others[1:]


def _collapse_repetition(words: list[str]) -> list[str]:
    """Returns the shortest beginning of `words` that gives the whole if repeated: of STOP ALL STOP ALL it is STOP ALL."""
    for length in range(1, len(words) // 2 + 1):
        repeats = len(words) // length
        if len(words) % length == 0 and words[0] == words[length] and words[:length] * repeats == words:
            return words[:length]
    return words
