"""Texts of the confirmations that answer an opt-out or an opt-in, by language; `words/language.py` finds the language."""

from __future__ import annotations

import re
import unicodedata

DEFAULT_LANGUAGE = "en"


def find_supported_language(tag: str | None) -> str | None:
    """Returns the language of a tag such as fr-CA; None if there is no text in it."""
    language = re.split("[-_]", tag or "", maxsplit=1)[0].lower()
    return language if language in _OPT_OUT_REPLIES else None


_OPT_OUT_REPLIES = {
    "en": "You will get no more offers from us. Reply START to get them again.",
    "fr": "Vous ne recevrez plus nos offres. Répondez START pour les recevoir à nouveau.",
    "de": "Sie erhalten keine Angebote mehr von uns. Mit der Antwort START erhalten Sie sie wieder.",
    "es": "Ya no le enviaremos ofertas. Responda START para volver a recibirlas.",
}

_OPT_IN_REPLIES = {
    "en": "You will get our offers again. Reply STOP to end them.",
    "fr": "Vous recevrez à nouveau nos offres. Répondez STOP pour ne plus les recevoir.",
    "de": "Sie erhalten unsere Angebote wieder. Mit der Antwort STOP beenden Sie das.",
    "es": "Le enviaremos de nuevo nuestras ofertas. Responda STOP para no recibirlas.",
}

# Languages that have texts.
LANGUAGES = tuple(_OPT_OUT_REPLIES)

SEGMENT_SEPTETS = 160  # 3GPP TS 23.040 9.2.3.24: one message without a user data header

# Characters of one septet each (3GPP TS 23.038 6.2.1) that a name may use.
_ONE_SEPTET = frozenset(
    " !\"#%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz£$¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
)


def compose_opt_out_reply(language: str, brand: str | None) -> str:
    """Returns the one answer to an opt-out: no more offers, and how to come back. At most 160 septets, whatever the brand.

    A language without a text of its own is answered in English. The text is no keyword, so two systems that answer
    each other stop at once.
    """
    return _add_brand(_OPT_OUT_REPLIES[find_supported_language(language) or DEFAULT_LANGUAGE], brand)


def compose_opt_in_reply(language: str, brand: str | None) -> str:
    """Returns the answer to START: offers come again, and how to end them. At most 160 septets, whatever the brand."""
    return _add_brand(_OPT_IN_REPLIES[find_supported_language(language) or DEFAULT_LANGUAGE], brand)


def _add_brand(text: str, brand: str | None) -> str:
    """Returns the text with the brand before it, cut if it would make a second segment, in characters of one septet."""
    name = " ".join("".join(map(_to_one_septet, unicodedata.normalize("NFC", brand or ""))).split())
    name = name[: SEGMENT_SEPTETS - len(text) - len(": ")].rstrip()
    return f"{name}: {text}" if name else text


def _to_one_septet(character: str) -> str:
    """Returns the character, or its letter without the accent; nothing if the alphabet has neither."""
    if character in _ONE_SEPTET:
        return character
    plain = unicodedata.normalize("NFKD", character)
    return " " if character.isspace() else "".join(part for part in plain if part in _ONE_SEPTET)
