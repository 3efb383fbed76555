"""What an administrator's text must be."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.rules.consent.texts.changes import check_change, parse_kind, parse_tag
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import ConsentText, Texts
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import MatchTier, Words

WORDS = Words.load()


def is_word(text: str) -> bool:
    match = WORDS.match(text)
    return match is not None and match.tier is MatchTier.EXACT


def is_opt_out_word(word: str) -> bool:
    match = WORDS.match(word)
    return match is not None and match.tier is MatchTier.EXACT and match.action is KeywordAction.OPT_OUT


def check(kind: TextKind, text: str, segments: int = 1, language: str = "en") -> None:
    entry = ConsentText(language, kind, text, segments=segments)
    check_change(entry, is_word, is_opt_out_word)


def test_our_own_texts_pass() -> None:
    """What comes with modemd obeys the rules for an administrator."""
    for entry in Texts.load().entries:
        check(entry.kind, entry.text, entry.segments, entry.language)


@pytest.mark.parametrize(
    ("kind", "text", "segments", "code", "mistake"),
    [
        pytest.param(TextKind.OPT_OUT_REPLY, " \n", 1, "empty_text", "empty", id="empty"),
        pytest.param(TextKind.OPT_OUT_REPLY, "Bye {name}", 1, "bad_text", "{name} is no placeholder", id="unknown name"),
        pytest.param(TextKind.NOTICE_CONTACT, "Call us", 1, "bad_text", "must contain {contact}", id="missing name"),
        pytest.param(TextKind.OPT_OUT_REPLY, "x" * 161, 1, "bad_text", "makes 2 segments", id="too long"),
        pytest.param(TextKind.OPT_OUT_REPLY, "ж" * 71, 1, "bad_text", "makes 2 segments", id="too long in Cyrillic"),
        pytest.param(TextKind.OPT_OUT_REPLY, "x" * 400, 2, "bad_text", "makes 3 segments", id="longer than allowed"),
        pytest.param(TextKind.OPT_OUT_REPLY, "Bye", 0, "bad_text", "from 1 to 10", id="no segment"),
        pytest.param(TextKind.OPT_OUT_REPLY, "Bye", 11, "bad_text", "from 1 to 10", id="too many segments"),
        pytest.param(TextKind.OPT_OUT_REPLY, "Stop!", 1, "bad_text", "is itself a word of consent", id="an opt-out word"),
        pytest.param(TextKind.OPT_OUT_REPLY, "START", 1, "bad_text", "is itself a word of consent", id="an opt-in word"),
        pytest.param(TextKind.NOTICE, "Have a nice day", 1, "bad_text", "must name an opt-out word", id="no way out"),
        pytest.param(TextKind.OPT_IN_REPLY, "Welcome back", 1, "bad_text", "must name an opt-out word", id="no way back out"),
        pytest.param(TextKind.LIST_OPT_OUT_REPLY, "No more {list}", 1, "bad_text", "must name an opt-out word", id="left a list"),
        pytest.param(TextKind.WELCOME, "Here is {list}", 1, "bad_text", "must name an opt-out word", id="joined a list"),
        pytest.param(TextKind.WELCOME_GENERAL, "Welcome", 1, "bad_text", "must name an opt-out word", id="joined"),
    ],
)  # fmt: skip
def test_a_wrong_text_is_refused(kind: TextKind, text: str, segments: int, code: str, mistake: str) -> None:
    """Each mistake has its code, and is told in words."""
    with pytest.raises(Refused) as refused:
        check(kind, text, segments)
    assert refused.value.code == code
    assert mistake in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "text", "segments"),
    [
        pytest.param(TextKind.OPT_OUT_REPLY, "x" * 160, 1, id="a full segment"),
        pytest.param(TextKind.OPT_OUT_REPLY, "x" * 306, 2, id="two of them, allowed"),
        pytest.param(TextKind.OPT_OUT_REPLY, "ć" * 160, 1, id="plain letters take its place"),
        pytest.param(TextKind.NOTICE, "Pour finir : STOP", 1, id="a notice"),
        pytest.param(TextKind.NOTICE, "退订请回复STOP", 1, id="no blank before STOP"),
    ],
)
def test_a_right_text_passes(kind: TextKind, text: str, segments: int) -> None:
    """What keeps the rules is taken as it is."""
    check(kind, text, segments)


@pytest.mark.parametrize(
    ("text", "tag"), [("fr", "fr"), ("FR-ca", "fr-CA"), ("zh-hant-tw", "zh-Hant-TW"), ("fil", "fil")]
)
def test_a_tag_has_one_form(text: str, tag: str) -> None:
    """However a tag is written, the same text is meant."""
    assert parse_tag(text) == tag


@pytest.mark.parametrize("text", ["", "french", "f", "fr_CA", "fr-", "fr/../x"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    """The error says how a tag is written."""
    with pytest.raises(Refused) as refused:
        parse_tag(text)
    assert refused.value.code == "bad_name"


def test_an_unknown_kind_is_refused() -> None:
    """The error names the kinds."""
    assert parse_kind("notice") is TextKind.NOTICE
    with pytest.raises(Refused, match="opt_out_reply, list_opt_out_reply, opt_in_reply") as refused:
        parse_kind("reply")
    assert refused.value.code == "bad_kind"
