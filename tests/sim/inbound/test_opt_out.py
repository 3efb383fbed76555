"""STOP is final at once: no first octet of a PDU later than the commit that stored the opt-out."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd import pdu
from modemd.emulator import Device
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

CUSTOMER = "+33612345678"


def watch(house: House) -> list[str]:
    """The recipients of PDUs whose first octet came when their opt-out was stored already, marketing only."""
    after_stop: list[str] = []

    def first_octet(device: Device, pdu: bytes) -> None:
        at_this_moment = {
            row["number"] for row in house.all("SELECT number FROM contact WHERE marketing = 'opted_out'")
        }
        on_air = house.all(
            "SELECT a.number FROM attempt a JOIN message m ON m.id = a.message_id"
            " WHERE a.outcome = 'open' AND a.modem = ? AND m.class = 'marketing'",
            device.imei,
        )
        after_stop.extend(row["number"] for row in on_air if row["number"] in at_this_moment)

    for device in house.devices:
        device.first_octet_hooks.append(first_octet)
    return after_stop


@pytest.mark.parametrize("seed", range(5))
def test_no_marketing_after_100_stops_among_500_messages(live: Live, seed: int) -> None:
    """100 customers say STOP at random moments while 500 messages to them are queued: after STOP, 0."""

    async def scenario(house: House) -> None:
        after_stop = watch(house)
        for device in house.devices:
            device.send_latency_s = 0.2
        customers = [f"+336123450{index:02d}" for index in range(100)]
        rows = "".join(f"{number},offer {turn},marketing\n" for turn in range(5) for number in customers)
        await house.service.messages.batches.accept(f"to,text,class\n{rows}".encode())
        for number in customers:
            house.timers.after(house.chance.uniform(0, 120), partial(say_stop, house, number))
        open_messages = "SELECT 1 FROM message WHERE state NOT IN ('delivered', 'cancelled')"
        await asyncio.sleep(130)
        await house.until(lambda: not house.all(open_messages), within_s=3600)
        assert after_stop == []
        assert house.all("SELECT count(*) AS n FROM contact WHERE marketing = 'opted_out'") == [{"n": 100}]
        cancelled = house.all("SELECT count(*) AS n FROM message WHERE reason = 'opted_out'")[0]["n"]
        assert cancelled > 100, "the STOPs came while messages waited"
        confirmations = [
            received for number in customers for received in house.network.phone(number).inbox
            if not (received.text or "").startswith("offer")
        ]  # fmt: skip
        assert len(confirmations) == 100, "one confirmation each"

    live(scenario, seed=seed)


def say_stop(house: House, number: str) -> None:
    house.network.phone(number).send(
        house.chance.choice(house.sims).number, house.chance.choice(["STOP", "Arret", "stop."])
    )


def test_a_stop_between_claim_and_first_octet_escapes_the_prompt(live: Live) -> None:
    """The claim is committed, but not yet known, when the customer's STOP comes in: ESC, and the attempt is withdrawn."""

    async def scenario(house: House) -> None:
        after_stop = watch(house)
        await asyncio.sleep(20)
        await house.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer", "marketing"))
        await house.until(lambda: bool(house.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.001)
        (stop,) = pdu.compose_deliver(CUSTOMER, "STOP", pdu.Timestamp.of(house.clock.now()))
        await house.hand_in(pdu.frame(stop.encode()))
        await asyncio.sleep(60)
        assert house.all("SELECT state, reason FROM message WHERE id = 1") == [
            {"state": "cancelled", "reason": "opted_out"}
        ]
        assert house.all("SELECT outcome, error FROM attempt WHERE message_id = 1") == [
            {"outcome": "withdrawn", "error": "consent changed"}
        ]
        assert after_stop == []
        assert [entry.text for entry in house.network.journal.accepted if entry.text == "offer"] == []

    live(scenario)


def test_a_stop_in_the_middle_of_a_message_withdraws_the_rest(live: Live) -> None:
    """Parts that have left are counted; the remaining ones never leave; the state says cancelled, opted out."""

    async def scenario(house: House) -> None:
        after_stop = watch(house)
        await asyncio.sleep(20)
        await house.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer " * 150, "marketing"))
        await house.until(lambda: len(house.network.journal) >= 1, within_s=60, step_s=0.1)
        house.network.phone(CUSTOMER).send(house.sims[0].number, "STOP")
        await house.until(lambda: house.all("SELECT state FROM message")[0]["state"] == "cancelled", within_s=120)
        (message,) = await house.service.messages.stories.list_messages(id=1, state=None, limit=1)
        offers = [entry for entry in house.network.journal.accepted if pdu.Submit.decode(entry.tpdu).concatenation]
        assert message["reason"] == "opted_out"
        assert 0 < message["parts_sent"] == len(offers) < message["parts"]
        assert after_stop == []

    live(scenario, modems=1)


def test_start_brings_offers_back(live: Live) -> None:
    """After STOP marketing is refused with its reason; after START it goes out again. Others are never touched."""

    async def scenario(house: House) -> None:
        phone = house.network.phone(CUSTOMER)
        phone.send(house.sims[0].number, "  Désabonner!! ")
        await house.until(lambda: len(phone.inbox) == 1, within_s=60)
        refused = await house.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer", "marketing"))
        assert (refused.message["state"], refused.message["reason"]) == ("refused", "opted_out")
        booked = await house.service.messages.submission.submit(MessageRequest(CUSTOMER, "Your table is booked."))
        assert booked.message["state"] == "queued"
        phone.send(house.sims[0].number, "START")
        await house.until(lambda: len(phone.inbox) == 3, within_s=60)
        again = await house.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer", "marketing"))
        assert again.message["state"] == "queued"

    live(scenario, modems=1)


def test_the_confirmation_comes_once_and_in_the_language_of_the_word(live: Live) -> None:
    """A second STOP is stored and not answered; each language is answered in its own words."""

    async def scenario(house: House) -> None:
        german, spanish = house.network.phone("+4915112345678"), house.network.phone("+34612345678")
        for _ in range(3):
            german.send(house.sims[0].number, "STOPP")
            await asyncio.sleep(30)
        spanish.send(house.sims[0].number, "baja")
        await house.until(lambda: len(spanish.inbox) == 1, within_s=60)
        assert len(german.inbox) == 1
        assert "Angebote" in str(german.inbox[0].text)
        assert "ofertas" in str(spanish.inbox[0].text)
        assert len(house.all("SELECT 1 FROM consent_event")) == 4

    live(scenario, modems=1)
