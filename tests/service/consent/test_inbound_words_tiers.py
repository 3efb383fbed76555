"""Tiers, reviews, lists, help and confirmations, as texts come in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from modemd import pdu
from modemd.connector import AttemptEnding, AttemptReport
from modemd.rules.classes import MessageClass
from modemd.store.consent import resolutions
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, Bench, comes, sim

LISTS: dict[str, Any] = {
    "promo": {"title": "Offres", "join": ["PROMO"], "double_opt_in": True, "frequency": "2 par mois", "language": "fr"},
    "news": {"title": "Nouvelles", "join": ["NEWS"]},
}


def made(**more: Any) -> Bench:
    return Bench(brand="Chez Paul", country="FR", consent={"lists": LISTS}, **more)


async def says(b: Bench, text: str) -> None:
    """Alice writes now."""
    b.hand.passes(seconds=5)
    await comes(b, ALICE, text, stamp=pdu.Timestamp.of(b.clock.now()))


async def sends(b: Bench) -> None:
    """The next part leaves, and is accepted."""
    claimed = await b.claimed()
    report = AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), 7)
    await b.dispatcher.close_attempt(sim(), report)


def marketing(b: Bench) -> str:
    return str(b.one("SELECT marketing FROM contact WHERE number = ?", ALICE)["marketing"])


def answers(b: Bench) -> list[str]:
    return [row["text"] for row in b.all("SELECT text FROM message WHERE class = 'system' ORDER BY id")]


@simulated
async def test_a_doubtful_text_holds_marketing_and_opens_a_review() -> None:
    """Nothing is answered, nobody is opted out; new marketing waits until a person decides, or the time is over."""
    b = made()
    await b.wrote_to(ALICE)
    await says(b, "le bus stop")
    assert marketing(b) == "unknown"
    assert answers(b) == []
    assert b.one("SELECT kind, text, tier FROM consent_review") == {
        "kind": "ambiguous",
        "text": "le bus stop",
        "tier": 3,
    }
    held = await b.submit(message_class=MessageClass.MARKETING)
    assert b.one("SELECT state, reason FROM message WHERE id = ?", held) == {"state": "held", "reason": "under_review"}


@simulated
async def test_a_clear_phrase_opts_out_and_can_be_checked() -> None:
    """It is answered as STOP is, and a person may undo it."""
    b = made()
    await b.wrote_to(ALICE)
    await says(b, "merci de ne plus m'envoyer de pub")
    assert marketing(b) == "opted_out"
    assert b.one("SELECT kind, tier FROM consent_review") == {"kind": "check", "tier": 2}
    assert ["offres" in text for text in answers(b)] == [True]


@simulated
async def test_stop_and_a_list_leaves_that_list_alone() -> None:
    """The answer names it; all other marketing may go."""
    b = made()
    await b.wrote_to(ALICE)
    subscribed = "INSERT INTO subscription (number, list, state, since) VALUES (?, 'promo', 'opted_in', '2026')"
    b.db.execute(subscribed, (ALICE,))
    await says(b, "STOP promo")
    assert marketing(b) == "unknown"
    assert b.one("SELECT list, state FROM subscription") == {"list": "promo", "state": "opted_out"}
    assert ["Offres" in text for text in answers(b)] == [True]


@simulated
async def test_stop_and_a_list_of_a_stranger_to_it_means_all() -> None:
    """In French, STOP PROMO means all marketing; only a subscriber of the list of that name leaves the list alone."""
    b = made()
    await b.wrote_to(ALICE)
    await says(b, "STOP promo")
    assert marketing(b) == "opted_out"


@simulated
async def test_a_free_yes_to_the_question_is_read_by_a_person() -> None:
    """It is no consent, and nothing is answered; the question stays open."""
    b = made()
    await says(b, "PROMO")
    await sends(b)
    await says(b, "oui avec plaisir")
    assert b.one("SELECT state FROM subscription")["state"] == "pending"
    assert b.one("SELECT kind, word FROM consent_review") == {"kind": "confirmation", "word": "OUI"}
    assert len(answers(b)) == 1


@simulated
async def test_help_is_answered_but_not_after_an_opt_out() -> None:
    """HELP of somebody who opted out gets nothing."""
    b = made()
    await b.wrote_to(ALICE)
    await says(b, "AIDE")
    assert len(answers(b)) == 1
    await says(b, "STOP")
    b.hand.passes(hours=25)
    await says(b, "AIDE")
    assert len(answers(b)) == 2


@simulated
async def test_a_join_word_asks_and_yes_confirms() -> None:
    """A stranger is asked, says yes on the same SIM, and is welcomed; before, no marketing of the list goes to them."""
    b = made()
    await says(b, "Promo")
    (question,) = b.all("SELECT id, text, pinned FROM message WHERE class = 'system'")
    assert all(word in question["text"] for word in ("Chez Paul", "Offres", "2 par mois", "OUI", "STOP"))
    assert b.one("SELECT state FROM subscription")["state"] == "pending"
    await sends(b)
    await says(b, "oui")
    assert b.one("SELECT list, state FROM subscription") == {"list": "promo", "state": "opted_in"}
    assert "Offres" in answers(b)[-1]
    assert len(answers(b)) == 2
    assert [row["action"] for row in b.all("SELECT action FROM consent_event ORDER BY id")] == ["request", "confirm"]


@simulated
async def test_a_list_without_double_opt_in_is_joined_at_once() -> None:
    """And welcomed, though nobody wrote to them before: the word is one that strangers are asked to send."""
    b = made()
    await says(b, "NEWS")
    assert b.one("SELECT list, state FROM subscription") == {"list": "news", "state": "opted_in"}
    assert ["Nouvelles" in text for text in answers(b)] == [True]


@simulated
async def test_joining_is_bounded_too() -> None:
    """Nobody runs up costs by join words: above the limit they are asked nothing."""
    b = Bench(brand="Chez Paul", country="FR", consent={"lists": LISTS, "confirmations_per_hour": 0})
    await says(b, "PROMO")
    assert answers(b) == []
    assert b.all("SELECT 1 FROM subscription") == []


@pytest.mark.parametrize(("text", "state"), [("OUI", "opted_out"), ("START", "opted_in")])
@simulated
async def test_yes_is_a_plain_answer_while_a_question_is_open(text: str, state: str) -> None:
    """A message that declared answers makes YES an answer for a day; START brings back always."""
    b = made()
    await b.submit()
    b.db.execute('UPDATE message SET answers = \'["OUI", "NON"]\'')
    await sends(b)
    await says(b, "STOP")
    await says(b, text)
    assert marketing(b) == state


@simulated
async def test_our_own_texts_come_back_without_effect() -> None:
    """Another box of the same kind, or a telephone that echoes, changes nothing and is not answered."""
    b = made()
    await b.wrote_to(ALICE)
    await says(b, "STOP")
    (text,) = answers(b)
    b.hand.passes(hours=25)
    await says(b, text)
    assert answers(b) == [text]
    assert len(b.all("SELECT 1 FROM consent_event")) == 1


@simulated
async def test_a_number_that_changes_its_mind_too_often_is_looked_at() -> None:
    """After the third change within a day no answer goes out, and a review is opened."""
    b = made()
    await b.wrote_to(ALICE)
    for text in ("STOP", "START", "STOP", "START", "STOP"):
        await says(b, text)
    assert marketing(b) == "opted_out"
    assert len(answers(b)) <= 3
    assert [row["kind"] for row in b.all("SELECT kind FROM consent_review")] == ["flips"]


@simulated
async def test_a_review_that_nobody_decides_becomes_an_opt_out() -> None:
    """After the time that the configuration says."""
    b = made()
    await b.wrote_to(ALICE)
    await says(b, "le bus stop")
    assert resolutions.resolve_due(b.db, b.clock.now()) == 0
    assert resolutions.resolve_due(b.db, b.clock.now() + timedelta(days=5)) == 1
    assert marketing(b) == "opted_out"
