"""Texts in the GSM 7 bit alphabet alone, cut to a number of parts: an alert must arrive, in few parts, on any phone."""

from __future__ import annotations

import unicodedata

from modemd import pdu

CUT = "..."
UNKNOWN = "?"
# The most septets of a part (3GPP TS 23.040 9.2.3.16).
PART_SEPTETS = 160


def fit_gsm(text: str, most_parts: int) -> str:
    """Returns a text in the GSM alphabet, of `most_parts` parts at most. Letters lose accents that the alphabet does not have;
    any other character that it does not have becomes a question mark. What is too long ends with three dots."""
    # No character takes less than a septet, so a longer text cannot fit; to plan it would take the loop's time.
    room = most_parts * PART_SEPTETS + len(CUT)
    plain = _make_plain(text[: 4 * room])
    if _fits(plain, most_parts) and len(text) <= 4 * room:
        return plain
    short, long = 0, min(len(plain), room)
    while short < long:
        middle = (short + long + 1) // 2
        if _fits(plain[:middle] + CUT, most_parts):
            short = middle
        else:
            long = middle - 1
    return plain[:short].rstrip() + CUT


def _make_plain(text: str) -> str:
    """Returns the text in the GSM alphabet, its blanks and line ends as one blank each."""
    letters, _ = pdu.transliterate(pdu.compose_letters(text))
    foreign = {each.character for each in pdu.plan(letters).foreign} if letters else frozenset[str]()
    replaced = "".join(_replace(letter) if letter in foreign else letter for letter in letters)
    return " ".join("".join(letter for letter in replaced if letter.isprintable() or letter.isspace()).split())


def _replace(letter: str) -> str:
    """Returns what stands for a character that is not in the alphabet."""
    if letter.isspace():
        return " "
    if not letter.isprintable() or unicodedata.combining(letter):
        return ""
    without = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    return without if without and not pdu.plan(without).foreign else UNKNOWN


def _fits(text: str, most_parts: int) -> bool:
    return len(text) <= most_parts * PART_SEPTETS + len(CUT) and (not text or pdu.plan(text).parts <= most_parts)
