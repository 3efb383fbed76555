"""What is sent of a marketing text, by what an installation knows."""

from __future__ import annotations

from typing import Any

import pytest

from modemd.errors import ErrorCode, Refused
from modemd.rules.consent.notice_rules import NoticedMessage, NoticeFacts, NoticeLack, NoticeRules
from modemd.rules.consent.texts.segments import count_segments
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.geography.sim_reach import SimCountries, SimReach

AMERICAN, FRENCH, BELGIAN = "+12025550123", "+33612345678", "+32470123456"
DEAF, HEARING = SimCountries("FR", {"BE": SimReach(two_way=False)}), SimCountries("FR", {"BE": SimReach(two_way=True)})
UNKNOWN = SimCountries("FR")
NOBODY = NoticeFacts()
URL = "https://example.org/stop"


def rules(**more: Any) -> NoticeRules:
    given: dict[str, Any] = {"count_parts": count_segments, "texts": Texts.load(), "brand": "Acme"} | more
    return NoticeRules(**given)


def compose(
    given: NoticeRules, text: str, number: str, contact: NoticeFacts = NOBODY, pinned: str | None = None
) -> NoticedMessage:
    return given.compose(text, count_segments(text), number, contact, pinned)


@pytest.mark.parametrize(
    ("contact", "number", "home", "text"),
    [
        pytest.param(NoticeFacts(), AMERICAN, None, "Sale\nReply STOP to opt out", id="that of the country"),
        pytest.param(NoticeFacts("fr"), AMERICAN, None, "Sale\nRépondez STOP pour ne plus recevoir nos offres", id="theirs"),
        pytest.param(
            NoticeFacts(), "36111", "FR", "Acme: Sale\nRépondez STOP pour ne plus recevoir nos offres", id="that of home"
        ),
        pytest.param(NoticeFacts(), "36111", None, "Sale\nReply STOP to opt out", id="English, if nothing is known"),
        pytest.param(NoticeFacts(was_noticed=True), AMERICAN, None, "Sale", id="they have had it"),
    ],
)  # fmt: skip
def test_the_notice_is_in_the_language_of_its_reader(
    contact: NoticeFacts, number: str, home: str | None, text: str
) -> None:
    """The contact's own, else that of the country, which is the configured one for a number of none."""
    assert compose(rules(home=home), "Sale", number, contact).text == text


def test_the_parts_are_those_of_the_whole() -> None:
    """A notice may make a second part; a text that is not changed is not counted again."""
    found = compose(rules(), "x" * 150, AMERICAN)
    assert (found.parts, found.has_notice, found.added) == (2, True, ("notice",))
    kept = rules(count_parts=lambda text: 1 // 0).compose("Sale", 7, AMERICAN, NoticeFacts(was_noticed=True), None)
    assert (kept.text, kept.parts, kept.has_notice, kept.added) == ("Sale", 7, False, ())


def test_a_text_that_becomes_too_long_is_refused() -> None:
    """By whoever counts the parts."""

    def count(text: str) -> int:
        raise Refused(ErrorCode.BAD_TEXT, "too long")

    with pytest.raises(Refused, match="too long"):
        compose(rules(count_parts=count), "Sale", AMERICAN)


@pytest.mark.parametrize(
    ("sims", "pinned", "can_reply"),
    [
        pytest.param({}, None, True, id="no SIM is known"),
        pytest.param({"1": DEAF, "2": HEARING}, None, True, id="one of them gets answers"),
        pytest.param({"1": DEAF, "2": UNKNOWN}, None, True, id="nobody has said it of one"),
        pytest.param({"1": DEAF}, None, False, id="none gets answers"),
        pytest.param({"1": DEAF, "2": HEARING}, "1", False, id="the one that is named gets none"),
        pytest.param({"1": DEAF, "2": HEARING}, "2", True, id="the one that is named gets them"),
        pytest.param({"1": DEAF}, "3", True, id="a SIM that was never met"),
    ],
)
def test_who_can_answer(sims: dict[str, SimCountries], pinned: str | None, can_reply: bool) -> None:
    """What nobody has said counts as an answer that arrives; else the notice names a contact."""
    given = rules(sims=sims, contact=URL)
    assert given.can_reply("BE", pinned) is can_reply
    assert (URL in compose(given, "Acme: Sale", BELGIAN, pinned=pinned).text) is not can_reply


def test_what_is_not_configured_is_told() -> None:
    """What is missing, where, and what to do; the message goes as far as it can."""
    found = compose(rules(brand=None, sims={"1": DEAF}), "Sale", BELGIAN)
    assert found.text == "Sale"
    assert found.lacks == (NoticeLack("brand", "BE"), NoticeLack("contact", "BE"))
    assert [str(each) for each in found.lacks] == [
        "marketing to BE must name its sender, and no brand is configured: set brand",
        "answers from BE do not arrive, and no contact is configured, so that marketing does not say how to end it: set "
        "consent.contact",
    ]
    assert "a country that is not known" in str(NoticeLack("contact", None))


def test_a_configuration_is_told_what_it_lacks() -> None:
    """A line for each setting, for the allowed countries and the SIMs; nothing if all is there."""
    bare = rules(brand=None, sims={"1": DEAF, "2": HEARING})
    assert bare.list_lacks(["US", "FR"]) == [
        "marketing to FR must name its sender, and no brand is configured: set brand",
        "answers from BE to SIM 1 do not arrive, and no contact is configured, so that marketing does not say how to end it: "
        "set consent.contact",
    ]
    assert bare.list_lacks(["US"])[0].startswith("answers")
    many = rules(brand=None).list_lacks(["AT", "BE", "DE", "ES", "FR", "GB", "IT"])
    assert many == [
        "marketing to AT, BE, DE, ES, FR and 2 more must name its sender, and no brand is configured: set brand"
    ]
    assert rules(contact=URL, sims={"1": DEAF}).list_lacks(["FR", "BE"]) == []
