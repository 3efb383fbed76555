"""Segments of a text that modemd writes: how many a text makes, and a text without the letters that would make more.

A text in the GSM 7-bit default alphabet has 160 septets in one segment (153 in each of several), any other has 70 UTF-16 code
units (67). One letter outside that alphabet more than halves the room. So the letters of a Latin script can be written without
their accents; of other scripts nothing can be left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache

SEPTETS_ALONE = 160  # 3GPP TS 23.040 9.2.3.24: a message without a user data header
SEPTETS_EACH = 153
UNITS_ALONE = 70
UNITS_EACH = 67

# Characters of one septet each (3GPP TS 23.038 6.2.1).
_ONE_SEPTET = frozenset(
    " !\"#%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz£$¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
    "\n\rΔΦΓΛΩΠΨΣΘΞ"
)
_TWO_SEPTETS = frozenset("\f^{}\\[~]|€")  # 6.2.1.1
# Letters that have no accent to leave out, yet are written so where the alphabet lacks them.
_PLAIN_LETTERS = {
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "œ": "oe", "Œ": "OE", "ŋ": "ng",
    "Ŋ": "NG", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-",
}  # fmt: skip


def is_in_default_alphabet(text: str) -> bool:
    """Returns True if every character is in the GSM 7-bit default alphabet or its extension."""
    return all(character in _ONE_SEPTET or character in _TWO_SEPTETS for character in text)


def count_segments(text: str) -> int:
    """Returns how many segments a text makes. A character is never parted: neither an escape pair nor a surrogate pair."""
    if is_in_default_alphabet(text):
        return _count(text, _count_septets, SEPTETS_ALONE, SEPTETS_EACH)
    return _count(text, _count_units, UNITS_ALONE, UNITS_EACH)


def _count_septets(character: str) -> int:
    return 2 if character in _TWO_SEPTETS else 1


def _count_units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _count(text: str, measure: Callable[[str], int], alone: int, each: int) -> int:
    sizes = [measure(character) for character in text]
    if sum(sizes) <= alone:
        return 1
    segments, left = 1, each
    for size in sizes:
        if size > left:
            segments, left = segments + 1, each
        left -= size
    return segments


def fold(text: str) -> str:
    """Returns a text in the default alphabet: letters that it lacks without their accents, and what it has no letter for left
    out."""
    return "".join(map(_fold_character, unicodedata.normalize("NFC", text)))


def fold_if_lossless(text: str) -> str | None:
    """Returns a text in the default alphabet; None if a letter or a sign of it would be left out."""
    folded = [_fold_character(character) for character in unicodedata.normalize("NFC", text)]
    return "".join(folded) if all(folded) else None


def make_comparable(text: str) -> str:
    """Returns the letters and digits of a text in one case, in the default alphabet where it has them: a text with its accents
    and the same without them are equal."""
    folded = (_fold_character(each) or each for each in unicodedata.normalize("NFC", text))
    return "".join(each for each in "".join(folded).casefold() if each.isalnum())


@lru_cache(maxsize=128)  # the letters of one language
def _fold_character(character: str) -> str:
    if character in _ONE_SEPTET or character in _TWO_SEPTETS:
        return character
    if character.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", _PLAIN_LETTERS.get(character, character))
    return "".join(part for part in plain if part in _ONE_SEPTET)
