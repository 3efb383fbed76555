"""Requests for a reply: whether a text tells its recipient to answer an opt-out word to the sender: Reply STOP. Pure.

From a sender that nobody can answer, such a text is worse than none: a person who obeys believes to have opted out. The words are
those of `modemd.rules.consent`: the opt-out words of every language, and its verbs for answering. A word that is sent elsewhere
("STOP to +33612345678", "STOP au 36111") asks for no reply.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.keywords import Keyword, KeywordAction, Strength
from modemd.rules.consent.words.matching import VERB_LAST, Words
from modemd.rules.consent.words.normalisation import normalise
from modemd.rules.consent.words.vocabulary import Concept, is_unspaced

# Addresses of the web, to which no word is sent; addresses of mail and numbers of three digits or more, to which one can be.
_TARGET = re.compile(
    r"(?P<link>(?:https?://|www\.)\S+)|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\d(?:[ .\-/()]{0,2}\d){2,18}",
    re.IGNORECASE,
)
_BETWEEN_SCRIPTS = re.compile(r"(?<=[A-Za-z0-9])(?=[\u0e00-\u0eff\u2e80-\uffef])")
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।", "\n")
# English has "text stop" among the verbs of the vocabulary, but not the verbs alone.
_MORE_VERBS = frozenset({"text", "txt", "send", "answer", "message"})
# Among its verbs, but said of links and of ways, too.
_NO_VERBS = frozenset({"mit", "sms", "tap", "press"})
# Words from the verb to the opt-out word: "reply with STOP". If the word is in capitals: "con la palabra STOP".
_NEAR, _NEAR_CAPITALS = 2, 6
# Words between the opt-out word and the number that it is sent to: "STOP per SMS an", and between that number and the verb.
_MOST_BETWEEN, _MOST_BETWEEN_BACK = 3, 2
# Words by which the number behind them is another way beside the reply: "Reply STOP or call +33612345678".
_OR = frozenset(
    normalise(
        "or ou oder o of eller tai eða lub nebo alebo vagy sau или або ili ali või vai arba ή veya ya atau hoặc edo neu "
        "أو או یا या"
    ).split()
)
_LONGEST_KEYWORD = 3  # words
_FAR = 7  # digits
# The usual Chinese forms, 回T退订 and 回复TD: the verb of the first is no word of the vocabulary.
_CHINESE = re.compile(r"回[复覆復]?\W{0,2}[A-Za-z]{1,4}\W{0,2}退[订訂]|回[复覆復]\W{0,2}(?:TD|QX)(?![A-Za-z])")
_STOP = re.compile(r"(?<![A-Za-z])STOP(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class _Word:
    word: str  # normalised
    is_capital: bool
    is_inside: bool  # behind a hyphen, as in non-stop
    sentence: int


@dataclass(frozen=True, slots=True)
class _Target:
    sentence: int
    is_international: bool
    is_far: bool  # an address of mail, or so many digits that it is no price and no short code


def asks_for_reply(text: str, words: Words, country: str | None = None) -> bool:
    """Returns whether a text asks for an opt-out word as an answer to its sender, and names no number or address for it. `words`:
    those of consent in force, which count in the `country` (ISO 3166 alpha-2) of the recipient."""
    plain = _BETWEEN_SCRIPTS.sub(" ", unicodedata.normalize("NFKC", text))
    found, targets = _split(plain)
    verbs, has_unspaced_verb = _find_verbs([each.word for each in found], words)
    is_sent_far = any(target.is_far for each in targets.values() for target in each)
    if _CHINESE.search(plain) is not None:
        return True
    if has_unspaced_verb and not is_sent_far and _has_unspaced_opt_out(plain, words):
        return True
    for place, length, keyword in _find_opt_outs(found, words, country):
        for verb_place in range(place - _NEAR_CAPITALS, place + _NEAR + 1):
            for language in verbs.get(verb_place, ()):
                if _belongs(verb_place, language, place, keyword, found) and not _is_sent_elsewhere(
                    verb_place, language, place, length, found, targets
                ):
                    return True
    return False


def _split(text: str) -> tuple[list[_Word], dict[int, list[_Target]]]:
    """Returns the words of a text, and what stands between them that a word can be sent to, by the number of words before it."""
    words: list[_Word] = []
    targets: dict[int, list[_Target]] = {}
    sentence = start = 0
    for target in (*_TARGET.finditer(text), None):
        for token in re.findall(r"\S+|\n", text[start : target.start() if target is not None else len(text)]):
            bare = token.strip(".,;:!?\"'()")
            is_capital = bare.upper() == bare != bare.lower()
            for index, word in enumerate(normalise(token).split()):
                words.append(_Word(word, is_capital, index > 0 and "-" in bare, sentence))
            sentence += token.endswith(_ENDS)
        if target is not None:
            start = target.end()
            if target["link"] is None:
                is_far = "@" in target[0] or sum(map(str.isdecimal, target[0])) >= _FAR
                targets.setdefault(len(words), []).append(_Target(sentence, target[0].startswith("+"), is_far))
            sentence += target[0].endswith(_ENDS)
    return words, targets


def _find_verbs(found: list[str], words: Words) -> tuple[dict[int, set[str]], bool]:
    """Returns the places of the verbs for answering, with the languages that have them; and whether there is one of a language
    that is written without spaces, where places say nothing."""
    verbs: dict[int, set[str]] = {}
    has_unspaced_verb = False
    for language, positions in words.vocabulary.find(found).items():
        places = positions.get(Concept.QUOTE, [])
        if is_unspaced(language):
            has_unspaced_verb = has_unspaced_verb or len(places) > 0
            continue
        for place in places:
            if found[place] not in _NO_VERBS:
                verbs.setdefault(place, set()).add(language)
    for place, word in enumerate(found):
        if word in _MORE_VERBS:
            verbs.setdefault(place, set()).add("en")
    return verbs, has_unspaced_verb


def _find_opt_outs(found: list[_Word], words: Words, country: str | None) -> Iterator[tuple[int, int, Keyword]]:
    """Yields the opt-out words of a text in a country: the place, how many words each has, and the word."""
    for place, first in enumerate(found):
        for length in range(min(_LONGEST_KEYWORD, len(found) - place), 0, -1):
            keyword = words.keywords.find(" ".join(each.word for each in found[place : place + length]), country)
            if keyword is not None and keyword.action is KeywordAction.OPT_OUT:
                if not first.is_inside:
                    yield place, length, keyword
                break


def _belongs(verb_place: int, language: str, place: int, keyword: Keyword, found: list[_Word]) -> bool:
    """Returns whether a verb asks for an opt-out word. An ordinary word, such as END, needs a verb of its own language."""
    if found[verb_place].sentence != found[place].sentence:
        return False
    languages = {each.partition("-")[0] for each in keyword.languages}
    if keyword.strength is not Strength.STRONG and language not in languages:
        return False
    distance = place - verb_place
    if distance < 0:
        return language in VERB_LAST
    return 0 < distance <= (_NEAR_CAPITALS if found[place].is_capital else _NEAR)


def _is_sent_elsewhere(
    verb_place: int, language: str, place: int, length: int, found: list[_Word], targets: dict[int, list[_Target]]
) -> bool:
    """Returns whether a number or an address of mail in the same sentence says where the opt-out word goes."""
    begin, end = min(verb_place, place), place + length
    for target_place in range(begin - _MOST_BETWEEN_BACK, end + _MOST_BETWEEN + 1):
        for target in targets.get(target_place, ()):
            if target.sentence != found[place].sentence:
                continue
            if target_place >= end:
                if target_place == end or found[end].word not in _OR:
                    return True
            elif target.is_international or language in VERB_LAST:
                return True  # "Envoyez au +33 6 12 34 56 78 le mot STOP", "3344'e STOP yazın"
    return False


def _has_unspaced_opt_out(text: str, words: Words) -> bool:
    """Returns whether a text has STOP, or an opt-out word of another script, anywhere. Letters of a link are none."""
    joined = normalise(text).replace(" ", "")
    return _STOP.search(text) is not None or any(
        each.word.replace(" ", "") in joined
        for each in words.keywords.entries
        if each.action is KeywordAction.OPT_OUT and not each.word.isascii()
    )
