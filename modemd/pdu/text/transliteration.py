"""Replacements in the GSM 7 bit alphabet for characters that word processors insert. Offered, never applied unasked.

`compose_letters` is another thing: the text stays the same by Unicode's own rules.
"""

from __future__ import annotations

import re
import unicodedata

from modemd.light_dataclass import dataclass

_LOOK_ALIKES = {
    "\u00a0": " ",  # no-break space
    "\u2002": " ",
    "\u2003": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u200b": "",  # zero width space
    "\ufeff": "",
    "\u00ad": "",  # soft hyphen
    "\t": " ",
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u2032": "'",
    "\u00b4": "'",
    "`": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2033": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2039": "<",
    "\u203a": ">",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2015": "-",
    "\u2212": "-",
    "\u2026": "...",
    "\u2022": "-",
    "\u00b7": ".",
    "\u00d7": "x",
    "\u2044": "/",
    "\u20a0": "€",
    "\u2028": "\n",  # line separator
    "\u2029": "\n",
    # Marks of direction, which copies out of address books and web pages carry. A text in GSM 7 bit has one direction only.
    **dict.fromkeys("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),
    "\u2060": "",  # word joiner
    # The other blanks, fullwidth letters and Latin ligatures, as Unicode reads them (NFKC).
    **{
        character: unicodedata.normalize("NFKC", character)
        for character in map(
            chr, (*range(0x2000, 0x200B), 0x205F, 0x3000, *range(0xFF01, 0xFF5F), *range(0xFB00, 0xFB07))
        )
    },
}
# A letter with what combines with it.
_CLUSTER = re.compile("[^\u0300-\u036f][\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Replacement:
    """Replacement of one character: its offset (in characters of the original text), the character, and the new one. A letter
    with accents of their own is one character here."""

    offset: int
    character: str
    by: str


def compose_letters(text: str) -> str:
    """Returns the text with each letter and its accents as one character, if there is one (NFC): the same text, which macOS and
    some web pages write with accents of their own. Only so is é in the GSM alphabet."""
    return unicodedata.normalize("NFC", text)


def transliterate(text: str) -> tuple[str, tuple[Replacement, ...]]:
    """Returns the text with every known replacement made, and the list of replacements."""
    replaced = [
        Replacement(offset, character, _LOOK_ALIKES[character])
        for offset, character in enumerate(text)
        if character in _LOOK_ALIKES
    ]
    for cluster in _CLUSTER.finditer(text):
        composed = compose_letters(cluster[0])
        if composed != cluster[0] and cluster[0][0] not in _LOOK_ALIKES:
            replaced.append(Replacement(cluster.start(), cluster[0], composed))
    replaced.sort(key=lambda each: each.offset)
    pieces, at = list[str](), 0
    for each in replaced:
        pieces += [text[at : each.offset], each.by]
        at = each.offset + len(each.character)
    return "".join([*pieces, text[at:]]), tuple(replaced)
