"""Normalisation: the form in which words of consent are compared, and the disguises that an opt-out word can wear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Letters that NFKC and case folding leave alone, yet people type and read as these.
_PLAIN_LETTERS = str.maketrans(
    {
        "ı": "i",
        "đ": "d",
        "ø": "o",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "ی": "ي",
        "ى": "ي",
        "ک": "ك",
        "ة": "ه",
        "ـ": "",
    }
)
# Only here are marks accents that a hurried writer leaves out. In Devanagari or Thai they are vowels.
_ACCENTED_SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ", "HEBREW ", "ARABIC ")
# Signs that mean STOP by themselves; letters in boxes and of flags, which NFKC leaves alone; letters that look like a space.
_SIGNS = str.maketrans(
    dict.fromkeys("🛑⛔🚫", " stop ")
    | {chr(first + n): chr(ord("A") + n) for first in (0x1F170, 0x1F150, 0x1F1E6) for n in range(26)}
    | dict.fromkeys("\u115f\u1160\u3164\uffa0\u2800", " ")
)
_NOT_WORDS = re.compile(r"[^a-z0-9]+")

# Cyrillic and Greek letters that look like a Latin one, and Cyrillic ones that sound like one.
_LOOKS_LATIN = (
    str.maketrans("аеорсухкмнтвіѕјԁԛԝαερορτυχκνιο", "aeopcyxkmhtbisjdqwaepoptuxkvio")
    # Small capitals, and letters of Lisu, which are Latin capitals.
    | str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz")
    | str.maketrans("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "abcdefghijklmnoprstuvwxyz")
)
_SOUNDS_LATIN = _LOOKS_LATIN | str.maketrans("сбцдфглпз", "sbcdfglpz")
_LOOKS_CYRILLIC = str.maketrans("aeopcyxkmhtb", "аеорсухкмнтв")
_DIGITS_AS_LETTERS = (str.maketrans("01345789", "oieastbg"), str.maketrans("01345789", "oleastbg"))


def normalise(text: str) -> str:
    """Returns `text` as keywords are compared: one case, no accents, words of letters and digits separated by single spaces.

    Stop signs (🛑) made words, NFKC, case folding, marks dropped after Latin, Greek, Cyrillic, Hebrew and Arabic letters (and
    if they follow no letter at all, as the selectors after emoji do), invisible characters dropped, a few letters spelt
    plainly, digits of every script made 0 to 9, everything but letters, digits and marks made a space, NFC, spaces collapsed.
    Normalising twice changes nothing more.
    """
    if text.isascii():
        return _NOT_WORDS.sub(" ", text.lower()).strip()
    folded = unicodedata.normalize("NFKC", text.translate(_SIGNS)).casefold()
    kept: list[str] = []
    carries_marks = False  # whether a mark that follows belongs to the word
    for character in unicodedata.normalize("NFD", folded):
        kind = _classify(character)
        if kind == "M":
            kept.append(character if carries_marks else "")
        elif kind == "L":
            carries_marks = False
            kept.append(character)
        elif kind == "K":
            carries_marks = True
            kept.append(character)
        elif kind != "Cf":
            carries_marks = kind != " "
            kept.append(kind)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).translate(_PLAIN_LETTERS).split())


@lru_cache(maxsize=128)  # the letters of one language
def _classify(character: str) -> str:
    """Returns M for a mark, L for a letter that loses its accents, K for one that keeps them, Cf for an invisible character, the
    digit of a digit, and a space for everything else."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category[0] == "M":
        return "M"
    if category[0] in "LN":
        return "L" if unicodedata.name(character, "").startswith(_ACCENTED_SCRIPTS) else "K"
    return "Cf" if category == "Cf" else " "


def list_undisguised(word: str) -> Iterator[str]:
    """Yields what a normalised word can be meant for, if letters of other scripts or digits stand in it for letters that look the
    same: of a Cyrillic сtор it is stop, of st0p it is stop. Only an opt-out word may be read so."""
    if not word.isascii():
        yield word.translate(_LOOKS_LATIN)
        if any(letter.isascii() for letter in word):
            yield word.translate(_SOUNDS_LATIN)
            yield word.translate(_LOOKS_CYRILLIC)
    elif not word.isalpha() and not word.isdigit():
        for letters in _DIGITS_AS_LETTERS:
            yield word.translate(letters)
