"""What an adversary tried: each of these once lost a message, sent one too many, or told a lie about it."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from modemd import pdu
from modemd.errors import StoreError
from modemd.service.messages.submission import MessageRequest
from modemd.store import writer
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

ALICE = "+33612345678"
BOB = "+33612345679"


async def submit(simulation: Simulation, to: str, text: str, message_class: str = "transactional") -> int:
    return int(
        (await simulation.service.messages.submission.submit(MessageRequest(to, text, message_class))).message.id
    )


def state(simulation: Simulation, message: int) -> str:
    return str(simulation.all("SELECT state FROM message WHERE id = ?", message)[0]["state"])


def marketing(simulation: Simulation, number: str) -> str:
    return str(simulation.all("SELECT marketing FROM contact WHERE number = ?", number)[0]["marketing"])


async def said(simulation: Simulation, sender: pdu.Address | str, text: str, seconds_ago: float = 0) -> None:
    """A message that reached us now, and was sent earlier."""
    moment = simulation.clock.now().replace(microsecond=0)
    stamp = pdu.Timestamp.of(moment.fromtimestamp(moment.timestamp() - seconds_ago, moment.tzinfo))
    (deliver,) = pdu.compose_deliver(sender, text, stamp)
    await simulation.hand_in(pdu.frame(deliver.encode()))


def test_a_report_proves_nothing_about_what_was_written_after_it(run_scenario: RunScenario) -> None:
    """An unmatched report lay there; an alarm to that number is lost on its way. It is repeated, not believed delivered."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.report_loss = 1.0
        await asyncio.sleep(20)
        now = pdu.Timestamp.of(simulation.clock.now())
        report = pdu.StatusReport(77, pdu.Address.parse(ALICE), now, now, 0)
        await simulation.hand_in(pdu.frame(report.encode()))
        await asyncio.sleep(60)
        simulation.devices[0].lose_next_answer()
        alarm = await submit(simulation, ALICE, "FIRE", "alarm")
        await simulation.until(lambda: len(simulation.network.journal) == 2, within_s=400)
        assert state(simulation, alarm) != "delivered"
        assert simulation.all("SELECT attempt_id FROM report") == [{"attempt_id": None}]

    run_scenario(scenario, modems=1)


def test_an_outcome_survives_a_database_that_fails(run_scenario: RunScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits fail for a while just as the answer comes: the outcome is kept later, and nothing is sent twice."""
    failing = [False]
    real = writer.run_group

    def sometimes(connection: sqlite3.Connection, group: list[writer.QueuedChange]) -> None:
        if failing[0]:
            for job in group:
                job.error = StoreError("disk full")
        else:
            real(connection, group)

    monkeypatch.setattr("tests.sim.world.store.run_group", sometimes)

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].send_latency_s = 3.0
        message = await submit(simulation, ALICE, "first")
        await simulation.until(lambda: bool(simulation.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        failing[0] = True
        await asyncio.sleep(20)
        failing[0] = False
        await simulation.until(lambda: state(simulation, message) == "delivered", within_s=120)
        second = await submit(simulation, ALICE, "second")
        await simulation.until(lambda: state(simulation, second) == "delivered", within_s=60)
        assert [entry.text for entry in simulation.network.journal.accepted] == ["first", "second"]

    run_scenario(scenario, modems=1)


def test_one_number_holds_up_nobody_else(run_scenario: RunScenario) -> None:
    """A part to Alice is not answered and 50 more wait for her: Bob's message goes out over the other modem at once."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        for device in simulation.devices:
            device.lose_next_answer()
        for index in range(50):
            await submit(simulation, ALICE, f"{index}")
        await simulation.until(lambda: len(simulation.network.journal) == 1, within_s=30)
        await submit(simulation, BOB, "at once")
        await simulation.until(
            lambda: any(entry.text == "at once" for entry in simulation.network.journal.accepted), within_s=30
        )

    run_scenario(scenario)


def test_a_modem_without_network_lets_its_draft_go(run_scenario: RunScenario) -> None:
    """Chosen by a modem that loses its registration: the other one sends it."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].set_coverage(2)
        simulation.devices[1].set_coverage(2)
        await asyncio.sleep(120)
        message = await submit(simulation, ALICE, "waits")
        simulation.devices[1].set_coverage(1)
        await simulation.until(lambda: state(simulation, message) == "delivered", within_s=120)

    run_scenario(scenario)


def test_an_older_start_does_not_undo_a_newer_stop(run_scenario: RunScenario) -> None:
    """The storage lists them in any order; the network's stamps say which was said last."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        await said(simulation, ALICE, "STOP", seconds_ago=60)
        await said(simulation, ALICE, "START", seconds_ago=120)
        assert marketing(simulation, ALICE) == "opted_out"
        await said(simulation, ALICE, "START")
        assert marketing(simulation, ALICE) == "opted_in"

    run_scenario(scenario, modems=1)


def test_a_stop_from_a_national_number_binds_without_a_configured_country(run_scenario: RunScenario) -> None:
    """Read in the country of the SIM; and where nobody knows that, for every contact whose number ends so."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        await submit(simulation, ALICE, "Your table is booked.")
        await said(simulation, pdu.Address("0612345678", pdu.TypeOfNumber.UNKNOWN), "STOP")
        assert marketing(simulation, ALICE) == "opted_out"
        refused = await simulation.service.messages.submission.submit(MessageRequest(ALICE, "offer", "marketing"))
        assert refused.message.state == "refused"

    run_scenario(scenario, modems=1, country=None)


def test_the_last_thing_read_is_not_an_answer_to_an_older_word(run_scenario: RunScenario) -> None:
    """STOP, START, STOP within a moment: the answer to START that still waits is withdrawn."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        await submit(simulation, ALICE, "hello")  # only those to whom modemd wrote are answered
        simulation.devices[0].send_latency_s = 0.1
        await simulation.until(lambda: len(simulation.network.phone(ALICE).inbox) == 1, within_s=60)
        simulation.network.reject(ALICE, 38)
        for word in ("STOP", "START", "STOP"):
            await said(simulation, ALICE, word)
            await asyncio.sleep(1)
        simulation.network.accept(ALICE)
        await asyncio.sleep(3600)
        assert len(simulation.network.phone(ALICE).inbox) == 2
        assert "plus" in (simulation.network.phone(ALICE).inbox[1].text or "")

    run_scenario(scenario, modems=1)


def test_a_sender_that_cannot_be_written_to_stops_nothing(run_scenario: RunScenario) -> None:
    """An international address with letters is no number to answer: it is opted out, and the modem goes on."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        await said(simulation, pdu.Address("336*12#", pdu.TypeOfNumber.INTERNATIONAL), "STOP")
        message = await submit(simulation, BOB, "goes out")
        await simulation.until(lambda: state(simulation, message) == "delivered", within_s=60)

    run_scenario(scenario, modems=1)


def test_an_unknown_alarm_whose_repetition_is_refused_stays_unknown(run_scenario: RunScenario) -> None:
    """The first may have arrived: that the second was refused is no failure of the first."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.report_loss = 1.0
        simulation.devices[0].lose_next_answer()
        alarm = await submit(simulation, ALICE, "FIRE", "alarm")
        await simulation.until(lambda: state(simulation, alarm) == "unknown", within_s=300)
        simulation.network.reject(ALICE, 1)
        await asyncio.sleep(600)
        assert [received.text for received in simulation.network.phone(ALICE).inbox] == ["FIRE"]
        assert state(simulation, alarm) == "unknown"
        assert len(simulation.all("SELECT 1 FROM attempt")) == 2

    run_scenario(scenario, modems=1)


def test_a_message_withdrawn_on_the_air_keeps_its_reason(run_scenario: RunScenario) -> None:
    """STOP while a part is on the air: the message ends as cancelled, and says why."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].send_latency_s = 5.0
        await submit(simulation, ALICE, "offer " * 60, "marketing")
        await simulation.until(lambda: bool(simulation.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        await said(simulation, ALICE, "STOP")
        await simulation.until(lambda: state(simulation, 1) == "cancelled", within_s=60)
        assert simulation.all("SELECT reason FROM message WHERE id = 1") == [{"reason": "opted_out"}]

    run_scenario(scenario, modems=1)


def test_a_deaf_modem_does_not_delay_the_end(run_scenario: RunScenario) -> None:
    """With nothing on the air, stopping takes no time, whatever state the modem is in."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].deaf_for(3600)
        await asyncio.sleep(70)
        began = asyncio.get_running_loop().time()
        await simulation.stop()
        assert asyncio.get_running_loop().time() - began < 1

    run_scenario(scenario, modems=1)
