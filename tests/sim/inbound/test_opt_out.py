"""STOP is final at once: no first octet of a PDU later than the commit that stored the opt-out."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd import pdu
from modemd.emulator import Device
from modemd.service.messages.history import MessageSearch
from modemd.service.messages.submission import MessageRequest
from tests.service.assembled import all_rows
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

CUSTOMER = "+33612345678"


def watch(simulation: Simulation) -> list[str]:
    """The recipients of PDUs whose first octet came when their opt-out was stored already, marketing only."""
    after_stop: list[str] = []

    def first_octet(device: Device, pdu: bytes) -> None:
        at_this_moment = {
            row["number"] for row in simulation.all("SELECT number FROM contact WHERE marketing = 'opted_out'")
        }
        on_air = simulation.all(
            "SELECT a.number FROM attempt a JOIN message m ON m.id = a.message_id"
            " WHERE a.outcome = 'open' AND a.modem = ? AND m.class = 'marketing'",
            device.imei,
        )
        after_stop.extend(row["number"] for row in on_air if row["number"] in at_this_moment)

    for device in simulation.devices:
        device.first_octet_hooks.append(first_octet)
    return after_stop


@pytest.mark.parametrize("seed", range(5))
def test_no_marketing_after_100_stops_among_500_messages(run_scenario: RunScenario, seed: int) -> None:
    """100 customers say STOP at random moments while 500 messages to them are queued: after STOP, 0."""

    async def scenario(simulation: Simulation) -> None:
        after_stop = watch(simulation)
        for device in simulation.devices:
            device.send_latency_s = 0.2
        customers = [f"+336123450{index:02d}" for index in range(100)]
        rows = "".join(f"{number},offer {turn},marketing\n" for turn in range(5) for number in customers)
        await simulation.service.messages.batches.accept(f"to,text,class\n{rows}".encode())
        for number in customers:
            simulation.timers.after(simulation.chance.uniform(0, 120), partial(say_stop, simulation, number))
        open_messages = "SELECT 1 FROM message WHERE state NOT IN ('delivered', 'cancelled')"
        await asyncio.sleep(130)
        await simulation.until(lambda: not simulation.all(open_messages), within_s=3600)
        assert after_stop == []
        assert simulation.all("SELECT count(*) AS n FROM contact WHERE marketing = 'opted_out'") == [{"n": 100}]
        cancelled = simulation.all("SELECT count(*) AS n FROM message WHERE reason = 'opted_out'")[0]["n"]
        assert cancelled > 100, "the STOPs came while messages waited"
        confirmed = [
            number for number in customers for received in simulation.network.phone(number).inbox
            if not (received.text or "").startswith("offer")
        ]  # fmt: skip
        written_to = {
            row["number"]
            for row in simulation.all(
                "SELECT DISTINCT e.number FROM consent_event e JOIN attempt a ON a.number = e.number"
                " WHERE a.outcome = 'sent' AND a.closed_at < e.at"
            )
        }
        assert sorted(confirmed) == sorted(written_to), "one confirmation each, to those who were written to before"
        assert len(confirmed) > 50

    run_scenario(scenario, seed=seed)


def say_stop(simulation: Simulation, number: str) -> None:
    simulation.network.phone(number).send(
        simulation.chance.choice(simulation.sims).number, simulation.chance.choice(["STOP", "Arret", "stop."])
    )


async def write_to(simulation: Simulation, *numbers: str) -> None:
    """A message reaches each of them: their words of consent are confirmed."""
    for number in numbers:
        await simulation.service.messages.submission.submit(MessageRequest(number, "Welcome."))
    await simulation.until(lambda: all(simulation.network.phone(number).inbox for number in numbers), within_s=120)


def test_a_stop_between_claim_and_first_octet_escapes_the_prompt(run_scenario: RunScenario) -> None:
    """The claim is committed, but not yet known, when the customer's STOP comes in: ESC, and the attempt is withdrawn."""

    async def scenario(simulation: Simulation) -> None:
        after_stop = watch(simulation)
        await asyncio.sleep(20)
        await simulation.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer", "marketing"))
        await simulation.until(lambda: bool(simulation.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.001)
        (stop,) = pdu.compose_deliver(CUSTOMER, "STOP", pdu.Timestamp.of(simulation.clock.now()))
        await simulation.hand_in(pdu.frame(stop.encode()))
        await asyncio.sleep(60)
        assert simulation.all("SELECT state, reason FROM message WHERE id = 1") == [
            {"state": "cancelled", "reason": "opted_out"}
        ]
        assert simulation.all("SELECT outcome, error FROM attempt WHERE message_id = 1") == [
            {"outcome": "withdrawn", "error": "consent changed"}
        ]
        assert after_stop == []
        assert [entry.text for entry in simulation.network.journal.accepted if entry.text == "offer"] == []

    run_scenario(scenario)


def test_a_stop_in_the_middle_of_a_message_withdraws_the_rest(run_scenario: RunScenario) -> None:
    """Parts that have left are counted; the remaining ones never leave; the state says cancelled, opted out."""

    async def scenario(simulation: Simulation) -> None:
        after_stop = watch(simulation)
        await asyncio.sleep(20)
        await simulation.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer " * 150, "marketing"))
        await simulation.until(lambda: len(simulation.network.journal) >= 1, within_s=60, step_s=0.1)
        simulation.network.phone(CUSTOMER).send(simulation.sims[0].number, "STOP")
        await simulation.until(
            lambda: simulation.all("SELECT state FROM message")[0]["state"] == "cancelled", within_s=120
        )
        (message,) = await all_rows(
            await simulation.service.messages.histories.list_messages(MessageSearch(id=1), limit=1)
        )
        offers = [entry for entry in simulation.network.journal.accepted if pdu.Submit.decode(entry.tpdu).concatenation]
        assert message.reason == "opted_out"
        assert 0 < message.parts_sent == len(offers) < message.parts
        assert after_stop == []

    run_scenario(scenario, modems=1)


def test_start_brings_offers_back(run_scenario: RunScenario) -> None:
    """After STOP marketing is refused with its reason; after START it goes out again. Others are never touched."""

    async def scenario(simulation: Simulation) -> None:
        phone = simulation.network.phone(CUSTOMER)
        await write_to(simulation, CUSTOMER)
        phone.send(simulation.sims[0].number, "  Désabonner!! ")
        await simulation.until(lambda: len(phone.inbox) == 2, within_s=60)
        refused = await simulation.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer", "marketing"))
        assert (refused.message.state, refused.message.reason) == ("refused", "opted_out")
        booked = await simulation.service.messages.submission.submit(MessageRequest(CUSTOMER, "Your table is booked."))
        assert booked.message.state == "queued"
        phone.send(simulation.sims[0].number, "START")
        await simulation.until(lambda: len(phone.inbox) == 4, within_s=60)
        again = await simulation.service.messages.submission.submit(MessageRequest(CUSTOMER, "offer", "marketing"))
        assert again.message.state == "queued"

    run_scenario(scenario, modems=1)


def test_the_confirmation_comes_once_and_in_the_language_of_the_word(run_scenario: RunScenario) -> None:
    """A second STOP is stored and not answered; each language is answered in its own words."""

    async def scenario(simulation: Simulation) -> None:
        german, spanish = simulation.network.phone("+4915112345678"), simulation.network.phone("+34612345678")
        await write_to(simulation, german.number, spanish.number)
        for _ in range(3):
            german.send(simulation.sims[0].number, "STOPP")
            await asyncio.sleep(30)
        spanish.send(simulation.sims[0].number, "baja")
        await simulation.until(lambda: len(spanish.inbox) == 2, within_s=60)
        assert len(german.inbox) == 2
        assert "Angebote" in str(german.inbox[1].text)
        assert "ofertas" in str(spanish.inbox[1].text)
        assert len(simulation.all("SELECT 1 FROM consent_event")) == 4

    run_scenario(scenario, modems=1)
