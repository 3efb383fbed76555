"""Phrasing round an opt-out word: what people write beside it, and what their telephones add.

All of it only makes an opt-out easier to see. Nothing here is ever used for a word that opts in.
"""

from __future__ import annotations

import html
import re

from modemd.rules.consent.words.normalisation import normalise
from modemd.rules.consent.words.tables import read_rows

# Two dashes on a line of their own (RFC 3676 4.3), or the sentence that a mail program adds, to the end of the text.
_SIGNATURE = re.compile(
    r"""\n[ \t\r]*(?:--+|__+|[\u2013\u2014]+)[ \t\r]*\n.*
      | \s(?:
            sent\ (?:from|via|with|by)\ (?:my|the|yahoo|outlook|samsung|mail)\b | get\ outlook\ for\b
          | envoy[ée]\ (?:de|depuis|à\ partir\ de)\ (?:mon|ma|l.|outlook|yahoo) | t[ée]l[ée]charge[rz]\ outlook\b
          | gesendet\ (?:von|mit|über)\b | von\ meinem\ .{1,30}\ gesendet | outlook\ für\b
          | enviado\ (?:desde|de|do)\b | inviato\ (?:da|dal)\b | verstuurd\ vanaf\b | verzonden\ (?:vanaf|met)\b
          | skickat\ från\b | sendt\ fra\b | wysłan[eoy]\ z\b | отправлено\ (?:с|из)\b | надіслано\ з\b | أرسلت\ من
        ).*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# The same in a line of its own before the text.
_SIGNATURE_BEFORE = re.compile(
    r"""\A\s*(?:
            sent\ (?:from|via|with|by)\ (?:my|the|yahoo|outlook|samsung|mail)\b | get\ outlook\ for\b
          | envoy[ée]\ (?:de|depuis|à\ partir\ de)\ (?:mon|ma|l.|outlook|yahoo) | gesendet\ (?:von|mit|über)\b
          | von\ meinem\ .{1,30}\ gesendet | enviado\ (?:desde|de|do)\b | inviato\ (?:da|dal)\b | verstuurd\ vanaf\b
          | verzonden\ (?:vanaf|met)\b | skickat\ från\b | sendt\ fra\b | wysłan[eoy]\ z\b | отправлено\ (?:с|из)\b
          | надіслано\ з\b
        )[^\n]{0,60}\n(?=.*\S)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# Lines that are quoted, and the message that follows "On Monday X wrote:" or a line such as -----Original Message-----.
_QUOTED = re.compile(
    r"""\n[ \t]*>[^\n]*(?=\n[ \t]*[^>\s])  # before the answer
      | \n[ \t]*>.*  # behind it
      | \n[ \t]*(?:on|le|am|el|il|op|den|em)\ [^\n]{4,80}
        \ (?:wrote|a\ écrit|schrieb|escribió|ha\ scritto|schreef|skrev|escreveu)[^\n:]{0,40}:.*
      | \n[ \t]*-{3,}[ \t]*\w[^\n]{3,40}-{3,}.*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_HTML = re.compile(r"</?(?:p|br|div|span|html|body|b|i|strong|em|font|a)\b[^<>]{0,200}>", re.IGNORECASE)
# Politeness of every language.
_COURTESIES = frozenset(normalise(row["courtesy"]) for row in read_rows("courtesies.csv"))
_MOST_COURTESY_WORDS = 4
_MOST_NAMES = 2
_LONGEST_GREETING = 60  # characters
# Between the word and a number: STOP au 36180, STOP to 36180.
_TOWARDS = frozenset(
    {"au", "a", "to", "at", "an", "al", "aan", "na", "sur", "auf", "the", "till", "til", "на", "ao", "para"}
)
_NUMBER = re.compile(r"[0-9]{3,15}")
_SHORTEST_GROUPED = 8  # digits
_STRETCHED = re.compile(r"(.)\1{2,}")


def cut_surroundings(text: str) -> str:
    """Returns `text` without what a telephone or a mail program adds: a signature behind it or before it, quoted lines, the
    message that is answered, and the marks of HTML. All of it if nothing would be left."""
    kept = html.unescape(_HTML.sub(" ", text)) if "<" in text or "&" in text else text
    if "\n" in kept or "sent" in kept.lower() or len(kept) > len("sent from my"):
        kept = _QUOTED.sub("", f"\n{kept}")
        kept = _SIGNATURE_BEFORE.sub("", kept)
        kept = _cut_greeting(_SIGNATURE.sub("", kept))
    return kept if kept.strip() else text


def _cut_greeting(text: str) -> str:
    """Returns `text` without a last line, or last sentence, that is a courtesy and at most two names: Regards, Jane."""
    before, _, last = text.rstrip().rpartition("\n")
    if not before.strip():
        before, _, last = text.rstrip().rpartition(". ")
    words = normalise(last).split() if len(last) < _LONGEST_GREETING else []
    for length in range(min(_MOST_COURTESY_WORDS, len(words)), 0, -1):
        if " ".join(words[:length]) in _COURTESIES and len(words) - length <= _MOST_NAMES and before.strip():
            return before
    return text


def strip_courtesies(words: list[str]) -> list[str]:
    """Returns the words without the courtesies at the beginning and the end."""
    while words:
        for length in range(min(_MOST_COURTESY_WORDS, len(words)), 0, -1):
            if " ".join(words[:length]) in _COURTESIES:
                words = words[length:]
                break
            if " ".join(words[-length:]) in _COURTESIES:
                words = words[:-length]
                break
        else:
            break
    return words


def split_number(words: list[str]) -> tuple[list[str], str | None]:
    """Returns the words without the number at their end, and the number: the short code or the sender that the word was meant
    for, also in groups of digits (06 12 34 56 78). None if there is none."""
    first = len(words)
    while first > 1 and words[first - 1].isdecimal():
        first -= 1
    digits = words[first:]
    number = "".join(digits)
    is_number = len(digits) == 1 or len(number) >= _SHORTEST_GROUPED
    if not is_number or _NUMBER.fullmatch(number) is None:
        return words, None
    rest = words[:first]
    return rest[:-1] if len(rest) > 1 and rest[-1] in _TOWARDS else rest, number


def join_spelt(words: list[str]) -> list[str]:
    """Returns words that are spelt in single letters (S T O P) as one, and letters that are stretched (STOOOP) as one letter."""
    spelt = ["".join(words)] if len(words) > 2 and all(len(word) == 1 and word.isalpha() for word in words) else words
    return [_STRETCHED.sub(r"\1", word) for word in spelt]
