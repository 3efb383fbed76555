"""Grapheme boundaries: combining signs, emoji sequences and flags (a shortened form of Unicode annex 29)."""

from __future__ import annotations

import re
import unicodedata

# Letters, ideographs and syllables of frequent scripts that never join with a neighbour: a text of these needs no search.
_PLAIN = re.compile(
    "[\0-\u02ff\u0370-\u0482\u048a-\u0590\u05d0-\u060f\u2010-\u2027\u2030-\u205f\u3400-\u9fff\uac00-\ud7a3]*"
)

_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_VIRAMA = 9  # the combining class of signs that join two consonants of an Indic script


def inner_offsets(text: str) -> set[int]:
    """Returns the offsets of characters that belong to the character before them, so that a cut there would be visible."""
    found: set[int] = set()
    if _PLAIN.fullmatch(text):
        return found
    flags = 0  # regional indicators just before: two of them make a flag
    for offset in range(1, len(text)):
        before, character = text[offset - 1], text[offset]
        flags = flags + 1 if ord(before) in _REGIONAL else 0
        if _extends(character) or _joins(before, character) or (flags & 1 and ord(character) in _REGIONAL):
            found.add(offset)
    return found


def _extends(character: str) -> bool:
    if character.isascii():
        return False
    code = ord(character)
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character == _JOINER
        or code in _SKIN_TONES
        or code in _TAGS
    )


def _joins(before: str, character: str) -> bool:
    return before == _JOINER or (unicodedata.combining(before) == _VIRAMA and character.isalpha())
