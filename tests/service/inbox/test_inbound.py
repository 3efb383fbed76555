"""What comes in is durable when `keep` returns, and a word of consent is obeyed in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modemd import pdu
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, NOWHERE, SENT_AT, WEST, Bench, comes, delivered, sim

STOP_IN_TWO_PARTS = "STOP " * 40
# A delivery of MR 64 to +447700900123, taken by the service centre on 2025-03-11 at 09:15:08.
REPORT = bytes.fromhex("079144775810065006400C91447700091032523011905180005230119051210000")


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
    await comes(b, sender, "STOP", NOWHERE)
    assert b.one("SELECT sender FROM inbox")["sender"] == known_as
    assert b.one("SELECT marketing FROM contact WHERE number = ?", known_as)["marketing"] == "opted_out"


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


AGAIN = (
    "0791447758100650040B913316325476F80000621103000300000CC3309B0D6A9741E2F0780D",
    "0791447758100650000B913316325476F80000621103000300000CC3309B0D6A9741E2F0780D",
)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["more wait the second time", "more wait the first time"])
@simulated
async def test_a_message_that_comes_again_is_known_whether_more_wait_or_not(order: tuple[int, int]) -> None:
    """TP-MMS tells of the service centre's queue at that moment, not of the message (3GPP TS 23.040 9.2.3.2)."""
    b = Bench()
    for index in order:
        await b.inbox.store_arrival(sim(), bytes.fromhex(AGAIN[index]))
    assert len(b.all("SELECT 1 FROM inbox")) == 1


@simulated
async def test_a_part_that_comes_again_is_known_whether_more_wait_or_not() -> None:
    """A message of two parts, the first twice: one complete message, and no stray set."""
    b = Bench()
    first, second = delivered(ALICE, "a long text " * 20)
    _, tpdu = pdu.unframe(first)
    again = pdu.frame(bytes((tpdu[0] ^ 0x04,)) + tpdu[1:])
    for octets in (first, again, second):
        await b.inbox.store_arrival(sim(), octets)
    assert [row["complete"] for row in b.all("SELECT complete FROM inbox")] == [1]


@simulated
async def test_parts_in_two_alphabets_are_of_two_messages() -> None:
    """Parts of one message have one alphabet; the other begins a set of its own (SEMANTICS, Inbound)."""
    b = Bench()
    latin, cyrillic = delivered(ALICE, "a long text " * 20), delivered(ALICE, "текст " * 15)
    for octets in (latin[0], cyrillic[1], cyrillic[0]):
        await b.inbox.store_arrival(sim(), octets)
    assert [
        (row["text"], row["complete"]) for row in b.all("SELECT text, complete FROM inbox ORDER BY complete DESC")
    ] == [
        ("текст " * 15, 1),
        (("a long text " * 20)[:153], 0),
    ]


@simulated
async def test_a_service_centre_without_a_number_hides_no_text() -> None:
    """01 00 in front, a type octet of zero and no digits (PDUlib issue 47): the text is read, and its STOP binds."""
    b = Bench()
    (octets,) = delivered(ALICE, "STOP")
    _, tpdu = pdu.unframe(octets)
    await b.inbox.store_arrival(sim(), b"\x01\x00" + tpdu)
    assert b.one("SELECT kind, text FROM inbox") == {"kind": "text", "text": "STOP"}
    assert b.one("SELECT marketing FROM contact")["marketing"] == "opted_out"


@simulated
async def test_damaged_octets_are_stored_and_not_read() -> None:
    """They may say something else than what was sent: no text, no word of consent; stored once however often they come."""
    b = Bench()
    (octets,) = delivered(ALICE, "STOP")
    for _ in range(2):
        await b.inbox.store_damaged(sim(), octets)
    row = b.one("SELECT kind, text FROM inbox")
    assert (row["kind"], row["text"]) == ("undecodable", octets.hex().upper())
    assert b.all("SELECT 1 FROM contact") == []
