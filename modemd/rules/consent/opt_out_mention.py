"""Mention of a way out: whether a text to be sent already says how to end such texts.

An offer may contain the same letters without saying that ("NON-STOP", "don't stop now"). So STOP counts only if it stands out in
capitals or quotation marks, if an instruction stands before it ("reply stop"), or if an address or a number stands behind it
("stop au 36111"). In doubt a text says nothing: then the notice is added, and stands there twice at worst.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts

# In capitals these mean nothing else.
_CLEAR_WORDS = frozenset(
    {
        "stop",
        "stopp",
        "unsubscribe",
        "unsub",
        "arret",
        "abmelden",
        "abbestellen",
        "стоп",
        "στοπ",
        "desabonnement",
        "desinscription",
    }
)
# These are ordinary words too: they need an instruction before them, or a number or an address behind them.
_OTHER_WORDS = frozenset(
    {
        *(
            "cancel",
            "end",
            "quit",
            "optout",
            "opt-out",
            "desabonner",
            "desinscrire",
            "desabo",
            "fin",
            "baja",
            "sair",
            "pare",
            "parar",
        ),
        *(
            "abmeldung",
            "stoppen",
            "uit",
            "afmelden",
            "avmeld",
            "afmeld",
            "lopeta",
            "rezygnacja",
            "odhlasit",
            "leiratkozas",
        ),
        *(
            "dezabonare",
            "odjava",
            "ret",
            "iptal",
            "отписка",
            "отказ",
            "відмова",
            "tc",
            "berhenti",
            "unreg",
            "baixa",
            "cancella",
        ),
        *("disiscrivi", "disiscrizione", "cancelar", "remover", "unsubscribing", "opting"),
    }
)
# Of scripts without capitals and, some of them, without blanks between words: nobody writes these in an offer.
_PHRASES = (
    "退订",
    "退訂",
    "수신거부",
    "무료거부",
    "配信停止",
    "إلغاء الاشتراك",
    "الغاء الاشتراك",
    "להסרה",
    "הסר ",
    "لغو",
)
_INSTRUCTIONS = frozenset(
    {
        *(
            "reply",
            "text",
            "txt",
            "send",
            "answer",
            "repondez",
            "repondre",
            "envoyez",
            "envoyer",
            "rep",
            "antworten",
            "antwort",
        ),
        *(
            "antworte",
            "sende",
            "senden",
            "responda",
            "responde",
            "responder",
            "envie",
            "envia",
            "risponda",
            "rispondi",
            "invia",
        ),
        *("antwoord", "stuur", "svar", "svara", "vastaa", "odpisz", "odpovezte", "odpovedzte", "valasz", "raspundeti"),
        *(
            "odgovorite",
            "vastake",
            "atbildiet",
            "atsakykite",
            "ответьте",
            "отправьте",
            "надішліть",
            "отговорете",
            "απαντηστε",
        ),
        *("balas", "jibu", "ketik", "soan", "via", "with", "mit", "avec", "con", "par", "sms"),
    }
)
# The instructions to answer. The others also stand before an address.
_REPLIES = _INSTRUCTIONS - {"via", "with", "mit", "avec", "con", "par", "sms"}
_SIGNPOSTS = frozenset(
    {"au", "to", "a", "at", "al", "an", "auf", "sur", "naar", "till", "til", "на", "here", "ici", "hier", "via"}
)
_TARGET = re.compile(
    r"(?:https?://|www\.)\S+|\+\d[\d.\-]*|\d[\d.\-]{3,18}|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?", re.IGNORECASE
)
_QUOTES = "\"'“”„«»‘’"
_EDGES = _QUOTES + ".,;:!?()[]<>=*…。，：！「」"


def mentions_opt_out(text: str, texts: Texts) -> bool:
    """Returns True if a text says how to end such texts: by one of the notices in `texts`, or in words of its own."""
    if any(phrase in text for phrase in _PHRASES) or _has_known_notice(text, texts):
        return True
    tokens = re.split(r"[\s=|]+", text)
    words = [_plain(token) for token in tokens]
    shouts = _is_in_capitals([token for token, word in zip(tokens, words, strict=True) if word not in _CLEAR_WORDS])
    for place, (token, word) in enumerate(zip(tokens, words, strict=True)):
        if word not in _CLEAR_WORDS | _OTHER_WORDS:
            continue
        if any(each in _INSTRUCTIONS for each in words[max(place - 2, 0) : place]) or _has_target(tokens, words, place):
            return True
        bare = token.strip(_EDGES)
        if word in _CLEAR_WORDS and ((bare.isupper() and not shouts) or token.strip(".,;:!?()")[:1] in (*_QUOTES,)):
            return True
    return False


def asks_for_reply(text: str) -> bool:
    """Returns True if a text asks for an answer to its sender to end such texts ("Reply STOP"), and names no number or address
    for it."""
    tokens = re.split(r"[\s=|]+", text)
    words = [_plain(token) for token in tokens]
    return any(
        word in _CLEAR_WORDS | _OTHER_WORDS
        and any(each in _REPLIES for each in words[max(place - 2, 0) : place])
        and not _has_target(tokens, words, place)
        for place, word in enumerate(words)
    )


def _has_known_notice(text: str, texts: Texts) -> bool:
    plain = _plain_words(text)
    return any(notice in plain for notice in _list_notices(texts))


@lru_cache(maxsize=4)
def _list_notices(texts: Texts) -> tuple[str, ...]:
    return tuple(_plain_words(entry.text) for entry in texts.entries if entry.kind is TextKind.NOTICE)


def _has_target(tokens: list[str], words: list[str], place: int) -> bool:
    """Returns True if a number or an address follows a word, at most with a signpost ("au", "to") between them."""
    behind = place + 1
    while behind < len(words) and words[behind] in (*_SIGNPOSTS, ""):
        behind += 1
    return behind < len(tokens) and _TARGET.fullmatch(tokens[behind].strip(_EDGES)) is not None


def _is_in_capitals(tokens: list[str]) -> bool:
    """Returns True if most letters are capitals, so that a word in capitals does not stand out."""
    letters = [
        character for character in "".join(tokens) if character.isalpha() and character.upper() != character.lower()
    ]
    return len(letters) > 0 and sum(letter.isupper() for letter in letters) > len(letters) / 2


def _plain(token: str) -> str:
    """Returns a token in small letters, without accents and the marks around it; hyphens inside stay (NON-STOP is not STOP)."""
    letters = unicodedata.normalize(
        "NFD", unicodedata.normalize("NFKC", token).replace("İ", "i").casefold().replace("ı", "i")
    )
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).strip(_EDGES)


def _plain_words(text: str) -> str:
    return f" {' '.join(word for word in map(_plain, text.split()) if word)} "
