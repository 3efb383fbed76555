"""Trials of texts."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, InboundAction
from modemd.rules.consent.words.matching import Words
from modemd.rules.consent.words.trial import TextTrial, TrialFacts, try_text

WORDS = Words.load()
ALICE = "+33612345678"


def tried(text: str, sender: str = ALICE, state: str = "none", **more: object) -> TextTrial:
    return try_text(text, WORDS, Texts.load(), TrialFacts(sender, ConsentState(state), **more))  # type: ignore[arg-type]  # any fact


def test_a_trial_tells_what_follows_and_the_reply() -> None:
    """STOP from France is answered in French, with the brand."""
    found = tried("STOP", brand="Chez Paul")
    assert (found.action, found.tier, found.word, found.language) == (InboundAction.OPT_OUT, 1, "STOP", "fr")
    assert found.reply is not None
    assert found.reply.startswith("Chez Paul")
    assert "START" in found.reply


def test_a_trial_answers_for_the_list_that_is_left() -> None:
    """STOP with the name of a list ends that list, and the reply says so."""
    found = tried("STOP promo", brand="Chez Paul", lists={"promo": "promo"})
    assert (found.action, found.list_name) == (InboundAction.OPT_OUT, "promo")
    assert found.reply == "Chez Paul: Vous ne recevrez plus : promo. Plus aucune offre : STOP."


@pytest.mark.parametrize(
    ("text", "sender", "state", "reason"),
    [
        pytest.param("STOP", "36111", "none", "short code", id="a short code"),
        pytest.param("STOP", "Vodafone", "none", "name", id="a name"),
        pytest.param("STOP", "+33899123456", "none", "expensive", id="premium rate"),
        pytest.param("STOP", "+33700000001", "none", "our own", id="a number of ours"),
        pytest.param("STOP", ALICE, "opted_out", "already", id="a second STOP"),
        pytest.param("START", ALICE, "opted_in", "already", id="a second START"),
        pytest.param("HELP", ALICE, "opted_out", "opted out", id="HELP after STOP"),
        pytest.param("the bus stop", ALICE, "none", "a person reads it", id="a review"),
    ],
)
def test_a_trial_tells_why_there_is_no_reply(text: str, sender: str, state: str, reason: str) -> None:
    """Each silence has its reason."""
    found = tried(text, sender, state, own_numbers=("+33700000001",))
    assert found.reply is None
    assert reason in found.because


def test_a_number_is_read_in_the_country_of_home() -> None:
    """A national number is the international one; what is said from it is answered in the country's language."""
    found = tried("STOP", "0612345678", home="FR")
    assert (found.sender, found.language) == (ALICE, "fr")


def test_what_asks_for_nothing_has_neither_tier_nor_language() -> None:
    """Nothing follows, and it says so."""
    found = tried("see you tomorrow")
    assert (found.action, found.tier, found.word, found.language, found.reply) == (
        InboundAction.NONE,
        None,
        None,
        None,
        None,
    )
    assert found.because


def test_a_sender_is_needed() -> None:
    """Nobody cannot say anything."""
    with pytest.raises(Refused, match="the sender is empty"):
        tried("STOP", " ")
