"""Phrasing round an opt-out word: what people write beside it, and what their telephones add.

All of it only makes an opt-out easier to see. Nothing here is ever used for a word that opts in.
"""

from __future__ import annotations

import re

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
# Politeness, as `normalise` leaves it.
_COURTESIES = frozenset(
    {
        "please", "pls", "plz", "please sir", "kindly", "thanks", "thank you", "thank u", "thx", "ty", "many thanks",
        "thanks a lot", "thank you very much", "hi", "hello", "hey", "good morning", "dear sir", "sir", "sorry", "ok", "regards",
        "svp", "s il vous plait", "sil vous plait", "stp", "s il te plait", "sil te plait", "merci", "merci beaucoup",
        "merci d avance", "merci bien", "bonjour", "bonsoir", "salut", "cordialement", "monsieur", "madame",
        "bitte", "bitte schon", "danke", "danke schon", "vielen dank", "besten dank", "hallo", "guten tag", "mfg",
        "por favor", "porfavor", "porfa", "gracias", "muchas gracias", "hola", "buenos dias", "buenas",
        "per favore", "per piacere", "grazie", "ciao", "buongiorno",
        "obrigado", "obrigada", "ola", "bom dia", "aub", "alstublieft", "bedankt", "dank u", "graag",
        "tack", "snalla", "takk", "tak", "kiitos", "prosze", "dziekuje", "prosim", "dekuji", "kerem", "koszonom",
        "lutfen", "tesekkurler", "пожалуиста", "спасибо", "здравствуите", "будь ласка", "дякую",
        "من فضلك", "لو سمحت", "شكرا", "תודה רבה", "תודה", "בבקשה",
    }
)  # fmt: skip
_MOST_COURTESY_WORDS = 4
# Between the word and a number: STOP au 36180, STOP to 36180.
_TOWARDS = frozenset({"au", "a", "to", "at", "an", "al", "aan", "na", "sur", "auf", "the"})
_NUMBER = re.compile(r"[0-9]{3,15}")
_STRETCHED = re.compile(r"(.)\1{2,}")


def cut_signature(text: str) -> str:
    """Returns `text` without the signature at its end; all of it if it is nothing but a signature."""
    kept = _SIGNATURE.sub("", f"\n{text}")
    return kept if kept.strip() else text


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
    for. None if there is none."""
    if len(words) < 2 or _NUMBER.fullmatch(words[-1]) is None:
        return words, None
    rest = words[:-1]
    return rest[:-1] if len(rest) > 1 and rest[-1] in _TOWARDS else rest, words[-1]


def join_spelt(words: list[str]) -> list[str]:
    """Returns words that are spelt in single letters (S T O P) as one, and letters that are stretched (STOOOP) as one letter."""
    spelt = ["".join(words)] if len(words) > 2 and all(len(word) == 1 and word.isalpha() for word in words) else words
    return [_STRETCHED.sub(r"\1", word) for word in spelt]
