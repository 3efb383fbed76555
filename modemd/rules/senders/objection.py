"""Objection: ways in which a recipient can end marketing without an answer to its sender, found in a text. Pure.

A number counts only if it is one of ours, because only there a word of consent is read; and a telephone number only in
international form, because the recipient may live elsewhere. A link counts only with https: what
http brings can be changed on its way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.keywords import KeywordAction, Keywords
from modemd.rules.consent.words.normalisation import normalise


class WayKind(StrEnum):
    """Kind of a way to object."""

    LINK = "link"
    EMAIL = "email"
    NUMBER = "number"
    """Telephone number of ours, in international form."""
    SHORT_CODE = "short_code"
    """Short code of ours, with an opt-out word before it: STOP au 36111."""


@dataclass(frozen=True, slots=True)
class WayToObject:
    """Way to object, as a text has it; of a number, as it is ours."""

    kind: WayKind
    value: str


# Hosts have letters of any script, and a top domain of two letters or more; nobody trusts a bare IP address.
_HOST = r"(?:[\w-]+\.)+[^\W\d_][\w-]+"
_LINK = re.compile(rf"(?<![A-Za-z0-9])https://{_HOST}\S*", re.IGNORECASE)
_EMAIL = re.compile(rf"(?<![\w.+-])[\w+-]+(?:\.[\w+-]+)*@{_HOST}")
_END_OF_SENTENCE = ".,;:!?)]>\"'»”"
# What people write between the digits of a number, (0) among it.
_BETWEEN = r"(?:[ .\-/()\u2010-\u2013]|\(0\)){0,4}"
# Words between an opt-out word and the number that it is sent to: STOP SMS au 36111.
_MOST_WORDS_BETWEEN = 3
_LOOKED_BACK = 80  # characters in which so many words have room


def find_ways_to_object(
    text: str, own_numbers: Collection[str], keywords: Keywords, country: str | None = None
) -> tuple[WayToObject, ...]:
    """Returns the ways to object that a text has besides an answer. `own_numbers`: where an opt-out arrives, in E.164, or short
    codes that the recipient can write to; `keywords`: the words of consent in force, which count in the `country` (ISO 3166
    alpha-2) of the recipient."""
    plain = unicodedata.normalize("NFKC", text)
    links = [WayToObject(WayKind.LINK, found[0].rstrip(_END_OF_SENTENCE)) for found in _LINK.finditer(plain)]
    emails = [WayToObject(WayKind.EMAIL, found[0]) for found in _EMAIL.finditer(_LINK.sub(" ", plain))]
    numbers = [
        WayToObject(WayKind.NUMBER, own) for own in own_numbers if own.startswith("+") and _has_number(plain, own)
    ]
    short_codes = [
        WayToObject(WayKind.SHORT_CODE, own)
        for own in own_numbers
        if not own.startswith("+") and _has_short_code(plain, own, keywords, country)
    ]
    return (*links, *emails, *numbers, *short_codes)


def _has_number(text: str, number: str) -> bool:
    """Returns whether a text has a number in international form, however its digits are grouped."""
    if "+" not in text:
        return False
    digits = _BETWEEN.join(number.removeprefix("+"))
    return re.search(rf"\+\s?{digits}(?![0-9])", text) is not None


def _has_short_code(text: str, code: str, keywords: Keywords, country: str | None) -> bool:
    """Returns whether a text has a short code behind an opt-out word. Elsewhere such digits can be a price."""
    for found in re.finditer(rf"(?<![0-9+.,]){re.escape(code)}(?![0-9]|[.,][0-9])", text):
        before = normalise(text[max(found.start() - _LOOKED_BACK, 0) : found.start()]).split()
        if any(_is_opt_out(word, keywords, country) for word in before[-_MOST_WORDS_BETWEEN - 1 :]):
            return True
    return False


def _is_opt_out(word: str, keywords: Keywords, country: str | None) -> bool:
    keyword = keywords.find(word, country)
    return keyword is not None and keyword.action is KeywordAction.OPT_OUT
