"""Notice: adds to marketing how to end it, who sends it, and what a country wants at its beginning.

The first marketing message to a contact carries the notice, and each one if the contact's country demands it or an answer would
not arrive. What the text has already is not added.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from modemd.light_dataclass import dataclass
from modemd.rules.consent.notice_countries import NoticeCountry, load_notice_countries
from modemd.rules.consent.opt_out_mention import mentions_opt_out
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.segments import count_segments, fold_if_lossless
from modemd.rules.consent.texts.texts import Texts


@dataclass(frozen=True, slots=True)
class NoticedText:
    """Text of a marketing message as it is sent. `has_notice`: it says how to end such messages; `added`: what modemd added of
    `prefix`, `sender_name`, `notice`; `lacks`: what it should have and nobody has configured, of `brand` and `contact`."""

    text: str
    has_notice: bool
    added: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


def compose(
    text: str,
    *,
    country: str | None,
    language: str | None,
    brand: str | None,
    was_noticed: bool,
    can_reply: bool,
    contact: str | None,
    texts: Texts,
    countries: Mapping[str, NoticeCountry] | None = None,
) -> NoticedText:
    """Returns a marketing text with what the contact's `country` (ISO 3166 alpha-2) demands.

    `language`: the contact's; `was_noticed`: an earlier message from this sender carried the notice; `can_reply`: an answer to
    the sender arrives. If it does not, `contact` says where to end it: an address of the web or a telephone number.
    """
    demands = (load_notice_countries() if countries is None else countries).get(
        (country or "").upper(), NoticeCountry("")
    )
    added: list[str] = []
    lacks: list[str] = []
    body, prefix = text.strip(), demands.prefix
    has_prefix = bool(prefix) and body.startswith(prefix)
    body = body.removeprefix(prefix).lstrip() if has_prefix else body
    if demands.sender_name and not brand:
        lacks.append("brand")
    elif demands.sender_name and brand and not _contains(body, brand):
        body = f"{brand}: {body}"
        added.append("sender_name")
    if prefix:
        body = f"{prefix} {body}"
        if not has_prefix:
            added.insert(0, "prefix")
    has_notice = mentions_opt_out(body, texts) or bool(contact and contact.casefold() in body.casefold())
    if not has_notice and (not was_noticed or demands.every_message or not can_reply):
        if can_reply:
            notice = texts.compose(TextKind.NOTICE, language)
        elif contact:
            notice = texts.compose(TextKind.NOTICE_CONTACT, language, contact=contact)
        else:
            lacks.append("contact")
            notice = ""
        if notice:
            body, has_notice = _append(body, notice), True
            added.append("notice")
    return NoticedText(body if added else text, has_notice, tuple(added), tuple(lacks))


def _append(text: str, notice: str) -> str:
    """Returns a text with the notice on a line of its own, without accents if those would make it longer by a segment."""
    whole, plain = f"{text}\n{notice}", fold_if_lossless(notice)
    if plain is not None and count_segments(f"{text}\n{plain}") < count_segments(whole):
        return f"{text}\n{plain}"
    return whole


def _contains(text: str, name: str) -> bool:
    """Returns True if a text contains a name as words of its own, whatever the case and the accents. Scripts without blanks
    between words have the name anywhere."""
    plain_text, plain_name = _plain(text), _plain(name)
    if not plain_name:
        return name in text
    return f" {plain_name} " in f" {plain_text} " if plain_name.isascii() else plain_name in plain_text


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = (letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())
