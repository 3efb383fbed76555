"""What becomes of a message when the modem, the port or the network misbehaves. Truth is the network's journal."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from modemd.pdu import Submit
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

TO = "+33612345678"
OTHER = "+33612345679"


async def submit(
    simulation: Simulation,
    text: str = "Hello",
    to: str = TO,
    message_class: str = "transactional",
    at: str | None = None,
) -> int:
    answer = await simulation.service.messages.submission.submit(MessageRequest(to, text, message_class, at))
    return int(answer.message.id)


def state(simulation: Simulation, message: int) -> str:
    return str(simulation.all("SELECT state FROM message WHERE id = ?", message)[0]["state"])


def accepted(simulation: Simulation) -> list[str | None]:
    """The texts that the network took, in order."""
    return [entry.text for entry in simulation.network.journal.accepted]


def outcomes(simulation: Simulation) -> list[str]:
    return [row["outcome"] for row in simulation.all("SELECT outcome FROM attempt ORDER BY id")]


async def reaches(simulation: Simulation, message: int, wanted: str, within_s: float = 60) -> None:
    await simulation.until(lambda: state(simulation, message) == wanted, within_s=within_s)


async def ready(simulation: Simulation) -> None:
    await simulation.until(
        lambda: all(modem.health == "ready" for modem in simulation.service.modems.views.list_modems()), within_s=60
    )


@pytest.mark.parametrize(
    ("text", "parts"), [("Hello", 1), ("long " * 90, 3), ("👩‍🚀 on her way", 1)], ids=["short", "long", "emoji"]
)
def test_a_message_arrives_and_its_report_comes_back(run_scenario: RunScenario, text: str, parts: int) -> None:
    """Sent, received whole on the phone, and delivered by its reports."""

    async def scenario(simulation: Simulation) -> None:
        message = await submit(simulation, text)
        await reaches(simulation, message, "delivered")
        assert [received.text for received in simulation.network.phone(TO).inbox] == [text]
        assert outcomes(simulation) == ["sent"] * parts

    run_scenario(scenario)


def test_a_lost_answer_is_settled_by_its_report(run_scenario: RunScenario) -> None:
    """Accepted, but never answered: unknown, until the report proves it; and it is not sent again."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.phone(TO).switch_off()
        simulation.devices[0].lose_next_answer()
        message = await submit(simulation)
        await reaches(simulation, message, "unknown", within_s=300)
        simulation.network.phone(TO).switch_on()
        await reaches(simulation, message, "delivered", within_s=3600)
        await asyncio.sleep(3600)
        assert accepted(simulation) == ["Hello"]

    run_scenario(scenario, modems=1)


def test_without_evidence_an_unknown_message_stays_unknown(run_scenario: RunScenario) -> None:
    """At most once: a transactional message whose answer and report are lost is never sent again, and closes as unknown."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.report_loss = 1.0
        simulation.devices[0].lose_next_answer()
        message = await submit(simulation)
        await reaches(simulation, message, "unknown", within_s=300)
        await asyncio.sleep(3 * 24 * 3600)
        assert state(simulation, message) == "unknown"
        assert accepted(simulation) == ["Hello"]
        assert simulation.all("SELECT closed_at FROM message")[0]["closed_at"] is not None

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize(("message_class", "window_s"), [("otp", 20), ("alarm", 60)])
def test_an_unknown_alarm_or_otp_is_sent_once_more(
    run_scenario: RunScenario, message_class: str, window_s: float
) -> None:
    """At least once: after its window, with TP-RD set, and only once."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.report_loss = 1.0
        # Lost too late for its window would outlive the otp: the modem answers probes, so it is known after send_timeout_s.
        simulation.devices[0].lose_next_answer()
        await submit(simulation, "4821", message_class=message_class)
        await simulation.until(lambda: "unknown" in outcomes(simulation), within_s=200)
        lost = simulation.clock.now()
        await simulation.until(lambda: len(accepted(simulation)) == 2, within_s=window_s + 30)
        assert (simulation.clock.now() - lost).total_seconds() >= window_s
        await asyncio.sleep(2 * 3600)
        first, second = (Submit.decode(entry.tpdu) for entry in simulation.network.journal.accepted)
        assert (first.reject_duplicates, second.reject_duplicates) == (False, True)

    run_scenario(scenario, modems=1)


def test_evidence_stops_the_repetition(run_scenario: RunScenario) -> None:
    """An alarm whose report comes within its window is not sent twice."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[0].lose_next_answer()
        message = await submit(simulation, "Pump 3 stands still", message_class="alarm")
        await reaches(simulation, message, "delivered", within_s=300)
        await asyncio.sleep(3600)
        assert len(accepted(simulation)) == 1

    run_scenario(scenario, modems=1)


def test_a_late_answer_is_credited(run_scenario: RunScenario) -> None:
    """An answer that comes after its deadline, with the port still open, settles the attempt."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.report_loss = 1.0
        simulation.devices[0].delay_next_answer(95)
        message = await submit(simulation)
        await reaches(simulation, message, "unknown", within_s=300)
        await reaches(simulation, message, "sent", within_s=300)
        assert accepted(simulation) == ["Hello"]

    run_scenario(scenario, modems=1)


def test_a_prompt_that_never_comes_costs_nothing(run_scenario: RunScenario) -> None:
    """Nothing was claimed: the message is sent when the modem answers again, once."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[0].lose_next_prompt()
        message = await submit(simulation)
        await reaches(simulation, message, "delivered", within_s=300)
        assert outcomes(simulation) == ["sent"]
        assert accepted(simulation) == ["Hello"]

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize(
    ("cause", "wanted"),
    [
        pytest.param(1, "failed", id="unassigned number: for good"),
        pytest.param(38, "held", id="network out of order: later"),
    ],
)
def test_a_refusal_is_answered_by_its_class(run_scenario: RunScenario, cause: int, wanted: str) -> None:
    """A permanent error fails the message; a passing one holds it, and it is sent when it is due again."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.reject(TO, cause)
        message = await submit(simulation)
        await reaches(simulation, message, wanted)
        neighbour = await submit(simulation, to=OTHER)
        await reaches(simulation, neighbour, "delivered")
        simulation.network.accept(TO)
        await asyncio.sleep(3600)
        assert state(simulation, message) == ("delivered" if wanted == "held" else "failed")

    run_scenario(scenario, modems=1)


def test_a_message_is_not_lost_with_its_stick(run_scenario: RunScenario) -> None:
    """Unplugged while messages wait, plugged in again: they go out, each once."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].send_latency_s = 0.3
        messages = [await submit(simulation, f"number {index}", to=f"+336123456{index:02d}") for index in range(10)]
        await simulation.until(lambda: outcomes(simulation) == ["sent"] * 3, within_s=30, step_s=0.05)
        simulation.links["/sim/modem0"].unplug()
        await asyncio.sleep(60)
        simulation.links["/sim/modem0"].replug()
        await asyncio.sleep(300)
        assert sorted(filter(None, accepted(simulation))) == [f"number {index}" for index in range(10)]
        assert {state(simulation, message) for message in messages} == {"delivered"}

    run_scenario(scenario, modems=1)


def test_a_reboot_in_the_middle_of_a_send_is_unknown_not_twice(run_scenario: RunScenario) -> None:
    """The answer dies with the modem. After its restart it is set up anew, and goes on with the next message."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        device.lose_next_answer()
        message = await submit(simulation)
        await simulation.until(lambda: len(accepted(simulation)) == 1, within_s=60, step_s=0.1)
        device.restart()
        second = await submit(simulation, "after the restart", to=OTHER)
        await reaches(simulation, second, "delivered", within_s=600)
        assert outcomes(simulation)[0] in ("unknown", "sent"), "sent only where a report proved it"
        assert state(simulation, message) in ("unknown", "sent", "delivered")
        assert accepted(simulation) == ["Hello", "after the restart"]

    run_scenario(scenario, modems=1, families=("sim800",))


def test_first_attempts_to_one_number_keep_their_order(run_scenario: RunScenario) -> None:
    """Two modems share a queue; one recipient's messages arrive in the order of acceptance."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for index in range(20):
            await submit(simulation, f"{index}")
        await simulation.until(lambda: len(accepted(simulation)) == 20, within_s=120)
        assert accepted(simulation) == [str(index) for index in range(20)]

    run_scenario(scenario)


def test_an_alarm_goes_between_the_parts_of_a_long_message(run_scenario: RunScenario) -> None:
    """The bound for an alarm on a busy SIM is one part; the same class does not step in."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await submit(simulation, "long " * 120)
        await submit(simulation, "an equal", to=OTHER)
        await simulation.until(lambda: outcomes(simulation) == ["open"], within_s=30, step_s=0.1)
        await submit(simulation, "alarm", to=OTHER, message_class="alarm")
        await simulation.until(lambda: len(simulation.network.journal) == 6, within_s=60)
        long_one = "long"
        order = [long_one if entry.recipient == TO else entry.text for entry in simulation.network.journal.accepted]
        assert order == [long_one, "alarm", long_one, long_one, long_one, "an equal"]

    run_scenario(scenario, modems=1)


def test_a_scheduled_message_waits_for_its_time(run_scenario: RunScenario) -> None:
    """Held with its reason, then sent at its minute."""

    async def scenario(simulation: Simulation) -> None:
        message = await submit(simulation, at="2026-03-02T18:30+01:00")
        assert state(simulation, message) == "held"
        await asyncio.sleep(11 * 3600)
        assert accepted(simulation) == []
        await asyncio.sleep(1800 + 10)
        entry = simulation.network.journal.accepted[0]
        assert entry.at.isoformat(timespec="minutes") == "2026-03-02T17:30+00:00"

    run_scenario(scenario)


def test_what_comes_due_wakes_the_modems(run_scenario: RunScenario) -> None:
    """Scheduled messages leave at their time, whenever the modems look next by themselves."""

    async def scenario(simulation: Simulation) -> None:
        times = [f"2026-03-02T18:{minute}+01:00" for minute in ("30:00", "31:20", "32:40", "34:10")]
        for at in times:
            await submit(simulation, at=at)
        await asyncio.sleep(12 * 3600)
        late = [
            entry.at - datetime.fromisoformat(at)
            for at, entry in zip(times, simulation.network.journal.accepted, strict=True)
        ]
        assert max(late) < timedelta(seconds=8)

    run_scenario(scenario)


def test_a_message_that_finds_no_modem_expires(run_scenario: RunScenario) -> None:
    """Past its validity it is not sent any more, and says so."""

    async def scenario(simulation: Simulation) -> None:
        simulation.links["/sim/modem0"].unplug()
        message = await submit(simulation, message_class="otp")
        await reaches(simulation, message, "expired", within_s=400)
        simulation.links["/sim/modem0"].replug()
        await asyncio.sleep(600)
        assert accepted(simulation) == []

    run_scenario(scenario, modems=1)


def test_stopping_waits_for_the_answer_on_the_air(run_scenario: RunScenario) -> None:
    """SIGTERM's way: the part in flight is answered and journaled, the next is not claimed."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].send_latency_s = 3.0
        for index in range(3):
            await submit(simulation, f"{index}", to=f"+3361234560{index}")
        await simulation.until(lambda: outcomes(simulation) == ["open"], within_s=30, step_s=0.01)
        await simulation.stop()
        assert outcomes(simulation) == ["sent"]
        assert accepted(simulation) == ["0"]

    run_scenario(scenario, modems=1)


def test_a_stop_that_is_cut_leaves_unknown(run_scenario: RunScenario) -> None:
    """What is on the air when the grace is over is journaled as unknown, and not sent again after the next start."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.network.report_loss = 1.0
        simulation.devices[0].send_latency_s = 30.0
        message = await submit(simulation)
        await simulation.until(lambda: outcomes(simulation) == ["open"], within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        await simulation.stop(grace_s=2)
        await asyncio.sleep(1)
        assert outcomes(simulation) == ["unknown"]
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(3600)
        assert state(simulation, message) == "unknown"
        assert len(accepted(simulation)) <= 1

    run_scenario(scenario, modems=1)
