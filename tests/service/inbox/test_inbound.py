"""What comes in is durable when `keep` returns, and a word of consent is obeyed in the same transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from modemd import pdu
from modemd.connector import AttemptEnding, AttemptReport
from modemd.rules.classes import MessageClass
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, WEST, Bench, sim

STOP_IN_TWO_PARTS = "STOP " * 40
SENT_AT = pdu.Timestamp.of(datetime(2026, 11, 22, 11, 59, 58, tzinfo=UTC))
# A delivery of MR 64 to +447700900123, taken by the service centre on 2025-03-11 at 09:15:08.
REPORT = bytes.fromhex("079144775810065006400C91447700091032523011905180005230119051210000")


def delivered(sender: str | pdu.Address, text: str, *, reference: int = 0, protocol_id: int = 0) -> list[bytes]:
    """What the modem hands over, a PDU for each part."""
    parts = pdu.compose_deliver(sender, text, SENT_AT, reference=reference, protocol_id=protocol_id)
    return [pdu.frame(part.encode()) for part in parts]


async def comes(b: Bench, sender: str | pdu.Address, text: str, iccid: str = WEST) -> None:
    for octets in delivered(sender, text):
        await b.inbox.store_arrival(sim(iccid), octets)


def national(digits: str) -> pdu.Address:
    return pdu.Address(digits, pdu.TypeOfNumber.NATIONAL)


@simulated
async def test_a_message_is_kept_with_everything_that_is_known_of_it() -> None:
    """Sender, text, the SIM it came to, the network's stamp and ours."""
    b = Bench()
    await comes(b, ALICE, "Yes please 👍")
    row = b.one("SELECT * FROM inbox")
    assert (row["sender"], row["text"], row["kind"], row["to_sim"]) == (ALICE, "Yes please 👍", "text", WEST)
    assert (row["sent_at"][:19], row["stored_at"][:19]) == ("2026-11-22T11:59:58", "2026-11-22T12:00:00")
    assert b.queued == []


@pytest.mark.parametrize("octets", [b"", b"\x00", bytes.fromhex("07914477581006504"[:16]), b"\xff" * 40], ids=len)
@simulated
async def test_what_cannot_be_decoded_is_kept_as_it_is(octets: bytes) -> None:
    """Its octets in hex, marked; handed over again, it is kept once."""
    b = Bench()
    for _ in range(2):
        await b.inbox.store_arrival(sim(), octets)
    row = b.one("SELECT kind, text, complete FROM inbox")
    assert (row["kind"], row["text"], row["complete"]) == ("undecodable", octets.hex().upper(), 1)


@simulated
async def test_a_type_0_message_is_an_event_and_nothing_else() -> None:
    """Acknowledged and discarded, as 3GPP TS 23.040 9.2.3.9 says; that it came is told."""
    b = Bench()
    for octets in delivered(ALICE, "STOP", protocol_id=0x40):
        await b.inbox.store_arrival(sim(), octets)
    assert b.all("SELECT 1 FROM inbox") == []
    assert b.all("SELECT 1 FROM contact") == []
    assert [(row["what"], row["detail"]) for row in b.all("SELECT * FROM event")] == [
        ("type 0 message", f'{{"sender": "{ALICE}"}}')
    ]


@simulated
async def test_data_is_kept_in_hex_and_never_read_as_a_word() -> None:
    """Eight-bit octets that happen to spell STOP are no wish."""
    b = Bench()
    sender = pdu.Address.parse(ALICE)
    data = pdu.Deliver(sender, pdu.UserData(b"STOP"), SENT_AT, pdu.dcs_of(pdu.Alphabet.DATA8, None))
    await b.inbox.store_arrival(sim(), pdu.frame(data.encode()))
    row = b.one("SELECT kind, text FROM inbox")
    assert (row["kind"], row["text"]) == ("data", b"STOP".hex().upper())
    assert b.all("SELECT 1 FROM consent_event") == []


@simulated
async def test_a_status_report_settles_its_message() -> None:
    """It goes to the reports, not to the inbox, and delivers what it speaks of."""
    b = Bench()
    b.hand.moment = datetime(2025, 3, 11, 9, 15, tzinfo=UTC)
    message = await b.submit("+447700900123")
    claimed = await b.claimed()
    await b.dispatcher.close_attempt(
        sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), reference=64)
    )
    await b.inbox.store_arrival(sim(), REPORT)
    assert b.state(message) == "delivered"
    assert b.all("SELECT 1 FROM inbox") == []


@simulated
async def test_a_report_that_belongs_to_nothing_is_kept() -> None:
    """Listed as unmatched, never dropped."""
    b = Bench()
    await b.inbox.store_arrival(sim(), REPORT)
    row = b.one("SELECT reference, number, attempt_id FROM report")
    assert (row["reference"], row["number"], row["attempt_id"]) == (64, "+447700900123", None)


@pytest.mark.parametrize(
    ("sender", "country", "known_as"),
    [
        pytest.param(national("0612345678"), "FR", ALICE, id="national, where the country is known"),
        pytest.param(national("0612345678"), None, "0612345678", id="national, where it is not"),
        pytest.param(ALICE, None, ALICE, id="international"),
        pytest.param(pdu.Address("36111", pdu.TypeOfNumber.UNKNOWN), "FR", "36111", id="a short code"),
        pytest.param("Vodafone", "FR", "Vodafone", id="a name"),
    ],
)
@simulated
async def test_a_sender_is_known_as_contacts_are(sender: str | pdu.Address, country: str | None, known_as: str) -> None:
    """In E.164 where it can be read so; and its STOP counts under that name."""
    b = Bench(country=country)
    await comes(b, sender, "STOP")
    assert b.one("SELECT sender FROM inbox")["sender"] == known_as
    assert b.one("SELECT marketing FROM contact WHERE number = ?", known_as)["marketing"] == "opted_out"


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


@simulated
async def test_parts_of_data_are_joined_in_hex() -> None:
    """A set that holds no text is kept by its octets."""
    b = Bench()
    parts = pdu.compose_data(ALICE, bytes(range(200)), reference=3)
    for part in parts:
        deliver = pdu.Deliver(pdu.Address.parse(ALICE), part.user_data, SENT_AT, part.dcs)
        await b.inbox.store_arrival(sim(), pdu.frame(deliver.encode()))
    row = b.one("SELECT kind, text, complete FROM inbox")
    assert (row["kind"], row["text"], row["complete"]) == ("data", bytes(range(200)).hex().upper(), 1)


@simulated
async def test_an_arrival_tells_the_networks_time() -> None:
    """The service centre's stamp of a message, which may be old."""
    b = Bench()
    await comes(b, ALICE, "hello")
    assert b.network_times == [(datetime(2026, 11, 22, 11, 59, 58, tzinfo=UTC), None)]


@pytest.mark.parametrize(
    ("later", "fresh"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)], ids=["soon", "late"]
)
@simulated
async def test_a_report_tells_the_networks_time(later: timedelta, fresh: bool) -> None:
    """Where our own message was written lately its stamp stands beside our clock's; else the latest stamp alone counts."""
    b = Bench()
    await b.submit("+447700900123")
    claimed = await b.claimed()
    written = b.clock.now()
    await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, written, 64))
    b.hand.moment += later
    await b.inbox.store_arrival(sim(), REPORT)
    assert len(b.network_times) == 1
    stamp, at = b.network_times[0]
    assert at == (written if fresh else None)
    assert stamp.date() == date(2025, 3, 11)
