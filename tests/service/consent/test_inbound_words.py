"""Opt-outs and opt-ins as they arrive: applied at once, and confirmed once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from modemd import pdu
from modemd.connector import AttemptEnding, AttemptReport
from modemd.rules.classes import MessageClass
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, BOB, EAST, NOWHERE, WEST, Bench, comes, delivered, identity, sim

STOP_IN_TWO_PARTS = "STOP " * 40
# A delivery of MR 64 to +447700900123, taken by the service centre on 2025-03-11 at 09:15:08.
REPORT = bytes.fromhex("079144775810065006400C91447700091032523011905180005230119051210000")


@simulated
async def test_a_stop_is_obeyed_and_confirmed_by_the_sim_it_was_sent_to() -> None:
    """Marketing is withdrawn, the rest stays; one confirmation waits, pinned to the number that the person knows."""
    b = Bench(brand="Chez Paul")
    await b.wrote_to(ALICE)
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
    await b.wrote_to(ALICE)
    first, second = delivered(ALICE, STOP_IN_TWO_PARTS, reference=5)
    await b.inbox.store_arrival(sim(), second)
    assert b.one("SELECT marketing FROM contact")["marketing"] == "unknown"
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
    await b.wrote_to(ALICE)
    await comes(b, ALICE, "ABMELDEN")
    await comes(b, ALICE, "START")
    assert b.one("SELECT marketing FROM contact")["marketing"] == "opted_in"
    texts = [row["text"] for row in b.all("SELECT text FROM message ORDER BY id")]
    assert len(texts) == 2
    assert all("Angebote" in text for text in texts)


@simulated
async def test_a_start_of_a_stranger_opts_in_and_is_not_answered() -> None:
    """The person says so; an answer goes only to numbers that were written to lately."""
    b = Bench()
    await comes(b, ALICE, "START")
    assert b.one("SELECT action, words FROM consent_event") == {"action": "opt_in", "words": "START"}
    assert b.queued == []


@simulated
async def test_the_same_stop_by_two_sims_is_two_messages_and_one_answer() -> None:
    """A person may write to both numbers; each text is kept where it came, the wish is confirmed once."""
    b = Bench()
    await b.wrote_to(ALICE)
    await comes(b, ALICE, "STOP", WEST)
    await comes(b, ALICE, "STOP", "8933010000000000028")
    assert len(b.all("SELECT 1 FROM inbox")) == 2
    assert len(b.queued) == 1


def dialled(digits: str, type_octet: int = 0x81) -> pdu.Address:
    """A sender with this type of address: 81 unknown, A1 national, 91 international."""
    return pdu.Address(digits, pdu.TypeOfNumber(type_octet >> 4 & 7))


async def marketing_to(b: Bench, number: str) -> tuple[str, str | None]:
    """What comes of a marketing message to a number."""
    row = b.one(
        "SELECT state, reason FROM message WHERE id = ?", await b.submit(number, "offer", MessageClass.MARKETING)
    )
    return row["state"], row["reason"]


@pytest.mark.parametrize(
    ("sender", "country", "number"),
    [
        pytest.param(dialled("4915112345678"), "DE", "+4915112345678", id="no plus, 81"),
        pytest.param(dialled("4915112345678", 0xA1), "DE", "+4915112345678", id="no plus, A1"),
        pytest.param(dialled("33612345678"), "DE", ALICE, id="no plus, of another country"),
        pytest.param(dialled("0033612345678", 0x91), "FR", ALICE, id="00 and international"),
        pytest.param(dialled("0033612345678"), "FR", ALICE, id="00"),
        pytest.param(dialled("0612345678", 0x91), "FR", ALICE, id="national with the type of an international one"),
        pytest.param(dialled("612345678", 0xA1), "FR", ALICE, id="national without its 0"),
        pytest.param(dialled("612345678", 0x91), "FR", ALICE, id="national without its 0, called international"),
        pytest.param(dialled("0012025550123", 0x91), "US", "+12025550123", id="00 in America"),
        pytest.param(dialled("01112025550123"), "FR", "+12025550123", id="011"),
        pytest.param(dialled("2025550123", 0x91), "US", "+12025550123", id="ten digits that are Egyptian too"),
        pytest.param(dialled("89161234567"), "RU", "+79161234567", id="the 8 of Russia"),
        pytest.param(dialled("33612345678"), None, ALICE, id="no plus and no country"),
        pytest.param(dialled("0033612345678"), None, ALICE, id="00 and no country"),
        pytest.param(dialled("0612345678"), None, ALICE, id="national, and the country is not known"),
        pytest.param(dialled("612345678", 0xA1), None, ALICE, id="without its 0, and the country is not known"),
        pytest.param(dialled("89161234567"), None, "+79161234567", id="the 8 of Russia, and the country is not known"),
    ],
)
@pytest.mark.parametrize("is_known", [True, False], ids=["written to before", "never written to"])
@simulated
async def test_a_stop_binds_the_number_in_whatever_form_it_comes(
    sender: pdu.Address, country: str | None, number: str, is_known: bool
) -> None:
    """What waits is withdrawn, and the next offer is refused; the confirmation goes to that number or to nobody."""
    b = Bench(country=country)
    waiting = None
    if is_known:
        waiting = await b.submit(number, "offer", MessageClass.MARKETING)
        await b.wrote_to(number)
    await comes(b, sender, "STOP", NOWHERE)
    assert await marketing_to(b, number) == ("refused", "opted_out")
    if waiting is not None:
        assert b.state(waiting) == "cancelled"
    confirmed = [row["number"] for row in b.all("SELECT number FROM message WHERE class = 'system'")]
    assert confirmed == ([number] if is_known else [])


@pytest.mark.parametrize(
    ("iccid", "more"),
    [
        pytest.param(WEST, {}, id="its ICCID"),
        pytest.param(NOWHERE, {"imsi": "208010000000001"}, id="its IMSI"),
        pytest.param(NOWHERE, {"number": "+33700000000"}, id="its number"),
    ],
)
@simulated
async def test_the_country_of_a_national_sender_is_that_of_the_sim(iccid: str, more: dict[str, Any]) -> None:
    """Where none is configured: the sender is known in E.164, and nobody else is bound."""
    b = Bench()
    await comes(b, dialled("0612345678"), "STOP", iccid, **more)
    assert b.one("SELECT sender FROM inbox")["sender"] == ALICE
    assert await marketing_to(b, ALICE) == ("refused", "opted_out")
    assert await marketing_to(b, "+48612345678") == ("queued", None)


@simulated
async def test_a_stop_of_an_unknown_country_binds_every_number_that_ends_so() -> None:
    """Those that are known, and those that come later; also from a batch. Others are not bound."""
    b = Bench()
    neighbour = await b.submit("+33712345678", "offer", MessageClass.MARKETING)
    await comes(b, dialled("0612345678"), "STOP", NOWHERE)
    assert b.state(neighbour) == "queued", "six digits are not a number"
    assert await marketing_to(b, ALICE) == ("refused", "opted_out")
    assert await marketing_to(b, "+48612345678") == ("refused", "opted_out")
    assert await marketing_to(b, BOB) == ("queued", None)
    await comes(b, ALICE, "START", NOWHERE)
    assert await marketing_to(b, ALICE) == ("queued", None)
    assert await marketing_to(b, "+48612345678") == ("refused", "opted_out")


@simulated
async def test_start_in_digits_that_could_be_others_undoes_what_they_closed_alone() -> None:
    """What a number has said itself is undone by that number only."""
    b = Bench(country="FR")
    other = "+612345678"  # what 612345678 is in Australia
    await comes(b, dialled("612345678"), "STOP")
    assert b.all("SELECT number FROM contact WHERE marketing = 'opted_out' ORDER BY number") == [
        {"number": ALICE},
        {"number": other},
    ]
    await comes(b, dialled("612345678"), "START")
    assert b.all("SELECT number FROM contact WHERE marketing = 'opted_out'") == []
    await b.stop_word(other)
    await comes(b, dialled("612345678"), "STOP")
    await b.stop_word(other)
    await comes(b, dialled("612345678"), "START", stamp=pdu.Timestamp.of(NOW + timedelta(seconds=1)))
    assert b.all("SELECT number FROM contact WHERE marketing = 'opted_out'") == [{"number": other}]


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUBBISH = pdu.Timestamp(bytes.fromhex("FFFFFFFFFFFFFF"))


@pytest.mark.parametrize(
    ("stop", "start", "is_back"),
    [
        pytest.param(NOW - timedelta(hours=2), NOW - timedelta(hours=1), True, id="said after it"),
        pytest.param(NOW - timedelta(hours=1), NOW - timedelta(hours=2), False, id="said before it"),
        pytest.param(NOW - timedelta(hours=1), None, False, id="START with rubbish"),
        pytest.param(NOW - timedelta(hours=1), NOW + timedelta(days=400), False, id="START of next year"),
        pytest.param(NOW - timedelta(hours=1), NOW - timedelta(days=400), False, id="START of last year"),
        pytest.param(None, NOW - timedelta(hours=1), False, id="STOP with rubbish: it counts from when it came"),
        pytest.param(None, NOW + timedelta(hours=1), True, id="STOP with rubbish, START after it came"),
        pytest.param(NOW - timedelta(days=400), NOW - timedelta(hours=1), False, id="STOP of last year, stored now"),
        pytest.param(NOW + timedelta(days=400), NOW + timedelta(hours=1), True, id="STOP of next year binds no year"),
        pytest.param(None, None, False, id="both with rubbish"),
    ],
)
@simulated
async def test_a_start_counts_only_if_it_was_said_after_the_stop(
    stop: datetime | None, start: datetime | None, is_back: bool
) -> None:
    """By the network's stamps, which can be rubbish or years off: marketing never comes back by a doubtful one."""
    b = Bench()
    await comes(b, ALICE, "STOP", stamp=pdu.Timestamp.of(stop) if stop else RUBBISH)
    await comes(b, ALICE, "START", stamp=pdu.Timestamp.of(start) if start else RUBBISH)
    assert (await marketing_to(b, ALICE) == ("queued", None)) is is_back


@pytest.mark.parametrize(
    "text", ["ST\u00adOP", "S\u200dTOP", "\u200bSTOP\ufeff", "\u202aSTOP\u202c", "S\u2060T\u200cO\u034fP"]
)
@simulated
async def test_invisible_characters_in_a_stop_do_not_hide_it(text: str) -> None:
    """Soft hyphens, joiners, spaces without width, marks of direction."""
    b = Bench()
    await comes(b, ALICE, text)
    assert b.one("SELECT marketing FROM contact WHERE number = ?", ALICE)["marketing"] == "opted_out"


@pytest.mark.parametrize(
    ("sender", "wrote"),
    [
        pytest.param(ALICE, False, id="a stranger"),
        pytest.param("+5351234567", False, id="Cuba"),
        pytest.param("+33899123456", True, id="premium rate"),
        pytest.param("+870776123456", True, id="a satellite telephone: Inmarsat"),
        pytest.param("+881631234567", True, id="a satellite telephone: Iridium"),
        pytest.param("+88216001234567", True, id="a satellite telephone: Thuraya"),
        pytest.param("+33700000000", True, id="the number of our SIM, configured"),
        pytest.param("+33700000009", True, id="the number of our SIM, from its card"),
    ],
)
@simulated
async def test_strangers_make_the_owner_pay_nothing(sender: str, wrote: bool) -> None:
    """A STOP of theirs binds and is not confirmed: not if nobody wrote to them, nor if an answer costs, nor to ourselves."""
    b = Bench(sims={WEST: {"number": "+33700000000"}})
    await b.backend.register_sim(identity(EAST, number="+33700000009"))
    if wrote:
        await b.wrote_to(sender)
    await comes(b, sender, "STOP")
    assert b.all("SELECT 1 FROM message") == []
    assert await marketing_to(b, sender) == ("refused", "opted_out")


@pytest.mark.parametrize(("days", "is_confirmed"), [(29, True), (31, False)])
@simulated
async def test_a_word_is_confirmed_to_whom_a_message_left_within_thirty_days(days: int, is_confirmed: bool) -> None:
    """`consent.confirm_within`; a message that was journaled as sent counts."""
    b = Bench()
    await b.submit()
    claimed = await b.claimed()
    await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), 7))
    b.hand.passes(days=days)
    await comes(b, ALICE, "STOP", stamp=pdu.Timestamp.of(b.clock.now()))
    assert len(b.queued) == is_confirmed


@simulated
async def test_confirmations_are_bounded_by_the_hour_and_the_alarm_has_evidence() -> None:
    """Each STOP binds, whatever their number; an hour later confirmations go on."""
    b = Bench(consent={"confirmations_per_hour": 3})
    senders = [f"+336123450{index:02d}" for index in range(10)]
    await b.wrote_to(*senders)
    for sender in senders[:5]:
        await comes(b, sender, "STOP")
    assert len(b.queued) == 3
    assert len(b.all("SELECT 1 FROM contact WHERE marketing = 'opted_out'")) == 5
    evidence = b.inbox.unanswered_words.find_evidence()
    assert evidence is not None
    assert evidence.startswith("2 words of consent were obeyed but not answered (limit 2 per hour)")
    assert "messages 4 to 5" in evidence
    b.hand.passes(hours=1, seconds=1)
    assert b.inbox.unanswered_words.find_evidence() is None
    await comes(b, senders[5], "STOP")
    assert len(b.queued) == 4
