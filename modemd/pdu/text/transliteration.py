"""Replacements in the GSM 7 bit alphabet for characters that word processors insert. Offered, never applied unasked."""

from __future__ import annotations

from dataclasses import dataclass

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
}


@dataclass(frozen=True, slots=True)
class Replacement:
    """Replacement of one character: its offset (in characters of the original text), the character, and the new one."""

    offset: int
    character: str
    by: str


def transliterate(text: str) -> tuple[str, tuple[Replacement, ...]]:
    """Returns the text with every known replacement made, and the list of replacements."""
    replaced = tuple(
        Replacement(offset, character, _LOOK_ALIKES[character])
        for offset, character in enumerate(text)
        if character in _LOOK_ALIKES
    )
    return "".join(_LOOK_ALIKES.get(character, character) for character in text), replaced
