"""Opt-outs and opt-ins as they arrive: applied at once, and confirmed once."""

from __future__ import annotations

import pytest

from modemd import pdu
from modemd.rules.classes import MessageClass
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, WEST, Bench, comes, delivered, sim

STOP_IN_TWO_PARTS = "STOP " * 40
# A delivery of MR 64 to +447700900123, taken by the service centre on 2025-03-11 at 09:15:08.
REPORT = bytes.fromhex("079144775810065006400C91447700091032523011905180005230119051210000")


@simulated
async def test_a_stop_is_obeyed_and_confirmed_by_the_sim_it_was_sent_to() -> None:
    """Marketing is withdrawn, the rest stays; one confirmation waits, pinned to the number that the person knows."""
    b = Bench(brand="Chez Paul")
    offer = await b.submit(message_class=MessageClass.MARKETING)
    booked = await b.submit()
    await comes(b, ALICE, "Arrêt")
    assert (b.state(offer), b.state(booked)) == ("cancelled", "queued")
    (answer,) = b.all("SELECT * FROM message WHERE class = 'system'")
    assert (answer["number"], answer["pinned"], answer["state"]) == (ALICE, WEST, "queued")
    assert "Chez Paul" in answer["text"]
    assert "offres" in answer["text"]
    assert b.queued == [(answer["id"], MessageClass.SYSTEM)]
    lane = "SELECT l.kind, l.home FROM part p JOIN lane l ON l.id = p.lane WHERE p.message_id = ?"
    assert b.one(lane, answer["id"]) == {"kind": "sender", "home": WEST}


@pytest.mark.parametrize(
    "sender", [pdu.Address("36111", pdu.TypeOfNumber.UNKNOWN), "Vodafone"], ids=["a short code", "a name"]
)
@simulated
async def test_a_machine_that_says_stop_gets_no_answer(sender: str | pdu.Address) -> None:
    """An answer could start a loop, or cost money; the wish is kept all the same."""
    b = Bench(country="FR")
    await comes(b, sender, "STOP")
    assert len(b.all("SELECT 1 FROM consent_event")) == 1
    assert b.all("SELECT 1 FROM message") == []
    assert b.queued == []


@simulated
async def test_a_stop_in_several_parts_counts_when_it_is_whole() -> None:
    """Whatever the order of its parts; not before, and once."""
    b = Bench()
    first, second = delivered(ALICE, STOP_IN_TWO_PARTS, reference=5)
    await b.inbox.store_arrival(sim(), second)
    assert b.all("SELECT 1 FROM contact") == []
    await b.inbox.store_arrival(sim(), first)
    await b.inbox.store_arrival(sim(), first)
    assert b.one("SELECT marketing FROM contact")["marketing"] == "opted_out"
    assert b.one("SELECT text FROM inbox")["text"] == STOP_IN_TWO_PARTS
    assert len(b.queued) == 1


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        pytest.param("Yes please", 0, id="an ordinary answer"),
        pytest.param("START", 0, id="START takes nothing away"),
        pytest.param("stop.", 1, id="STOP"),
        pytest.param("long " * 60, 2, id="each part of several: any may complete a STOP"),
    ],
)
@simulated
async def test_the_epoch_moves_before_an_opt_out_can_be_stored(text: str, moves: int) -> None:
    """At once, in the call, so that a PDU that is about to leave is stopped."""
    b = Bench()
    await comes(b, ALICE, text)
    assert b.dispatcher.consent_epoch == moves


@simulated
async def test_start_brings_offers_back_with_one_answer() -> None:
    """In the language of the STOP before it, where the word itself does not say."""
    b = Bench()
    await comes(b, ALICE, "STOPP")
    await comes(b, ALICE, "START")
    assert b.one("SELECT marketing FROM contact")["marketing"] == "opted_in"
    texts = [row["text"] for row in b.all("SELECT text FROM message ORDER BY id")]
    assert len(texts) == 2
    assert all("Angebote" in text for text in texts)


@simulated
async def test_a_start_without_a_stop_is_an_ordinary_message() -> None:
    """It takes nothing back, so nothing is changed or answered."""
    b = Bench()
    await comes(b, ALICE, "START")
    assert b.one("SELECT text FROM inbox")["text"] == "START"
    assert b.all("SELECT 1 FROM consent_event") == []
    assert b.queued == []


@simulated
async def test_the_same_stop_by_two_sims_is_two_messages_and_one_answer() -> None:
    """A person may write to both numbers; each text is kept where it came, the wish is confirmed once."""
    b = Bench()
    await comes(b, ALICE, "STOP", WEST)
    await comes(b, ALICE, "STOP", "8933010000000000028")
    assert len(b.all("SELECT 1 FROM inbox")) == 2
    assert len(b.queued) == 1
