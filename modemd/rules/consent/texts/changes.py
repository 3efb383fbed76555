"""Changes of texts by administrators: what a text must be, so that an answer stays one answer and a notice stays a way out."""

from __future__ import annotations

import re
from collections.abc import Callable

from modemd.errors import ErrorCode, Refused
from modemd.rules.consent.texts.kinds import TextKind, find_placeholder_mistake
from modemd.rules.consent.texts.segments import count_segments
from modemd.rules.consent.texts.texts import ConsentText, choose_accents

MOST_SEGMENTS = 10
# Language and region as in fr or fr-CA.
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
# Kinds that must name a word by which the reader stops.
_NAME_OPT_OUT = frozenset(
    {
        TextKind.LIST_OPT_OUT_REPLY,
        TextKind.OPT_IN_REPLY,
        TextKind.WELCOME,
        TextKind.WELCOME_GENERAL,
        TextKind.OPT_IN_REQUEST,
        TextKind.OPT_IN_REMINDER,
        TextKind.NOTICE,
    }
)


def parse_tag(text: str) -> str:
    """Returns a language tag in its usual form, such as fr or fr-CA. Raises Refused (`bad_name`)."""
    if _TAG.fullmatch(text) is None:
        raise Refused(ErrorCode.BAD_NAME, f"{text!r} is no language tag; write it as fr or fr-CA")
    language, *others = text.split("-")
    return "-".join([language.lower(), *(each.upper() if len(each) == 2 else each.title() for each in others)])


def parse_kind(text: str) -> TextKind:
    """Returns the kind of that name. Raises Refused (`bad_kind`)."""
    try:
        return TextKind(text)
    except ValueError:
        known = ", ".join(TextKind)
        raise Refused(ErrorCode.BAD_KIND, f"{text!r} is no kind of text; the kinds are {known}") from None


def check_change(entry: ConsentText, is_word: Callable[[str], bool], is_opt_out_word: Callable[[str], bool]) -> None:
    """Checks an administrator's text. Raises Refused (`empty_text`, `bad_text`) with what is wrong.

    `is_word` returns whether a whole text is a word of consent: a text that is one could be answered by another machine for ever.
    `is_opt_out_word` returns whether a word opts out.
    """
    text = entry.text
    if not text.strip():
        raise Refused(ErrorCode.EMPTY_TEXT, "the text is empty")
    if (mistake := find_placeholder_mistake(entry.kind, text)) is not None:
        raise Refused(ErrorCode.BAD_TEXT, mistake)
    if not 1 <= entry.segments <= MOST_SEGMENTS:
        raise Refused(ErrorCode.BAD_TEXT, f"a text may make from 1 to {MOST_SEGMENTS} segments, not {entry.segments}")
    segments = count_segments(choose_accents(text))
    if segments > entry.segments:
        raise Refused(
            ErrorCode.BAD_TEXT,
            f"the text makes {segments} segments, each of which costs a message; make it shorter, or allow {segments} segments",
        )
    if is_word(text):
        raise Refused(
            ErrorCode.BAD_TEXT,
            "the text is itself a word of consent: another machine would take it for one and answer it; write a sentence",
        )
    if entry.kind in _NAME_OPT_OUT and not any(map(is_opt_out_word, _list_words(text))):
        raise Refused(
            ErrorCode.BAD_TEXT,
            f"a text of the kind {entry.kind} must name an opt-out word, such as STOP: it is the way out",
        )


def _list_words(text: str) -> list[str]:
    """Returns the words of a text, and Latin capitals that stand in another script without a blank, as in 请回复STOP."""
    return re.findall(r"[^\W_]+", text) + re.findall(r"(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z])", text)
