"""Sick modems and what becomes of them and of the messages, with emulated modems in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from modemd.emulator import Device
from modemd.modem.modem import Modem
from modemd.modem.recovery.recovery import RecoveryStatus
from modemd.modem.status import ModemHealth
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

ALICE = "+33612345678"
USB, UART = "huawei_e3372", "sim800"
GOAL_S = 5.0


def modem_of(simulation: Simulation, index: int = 0) -> Modem:
    return simulation.service.modems.registry.modems[index]


def healths(simulation: Simulation) -> list[str]:
    return [modem.health for modem in simulation.service.modems.views.list_modems()]


def standing(simulation: Simulation, index: int = 0) -> RecoveryStatus:
    recovery = simulation.service.modems.views.list_modems()[index].recovery
    assert recovery is not None
    return recovery


async def ready(simulation: Simulation) -> None:
    """All are, and their network answers quickly."""
    for device in simulation.devices:
        device.send_latency_s = 0.5
    await simulation.until(lambda: all(health == "ready" for health in healths(simulation)), within_s=120, step_s=0.1)


async def submit(simulation: Simulation, text: str, *, message_class: str = "transactional") -> int:
    answer = await simulation.service.messages.submission.submit(MessageRequest(ALICE, text, message_class))
    return int(answer.message.id)


def accepted(simulation: Simulation) -> int:
    return len(simulation.network.journal.accepted)


def trouble(device: Device) -> dict[str, Callable[[], None]]:
    """How a modem is made sick, by name."""
    return {
        "deaf": lambda: device.deaf_for(3600),
        "wedged": device.wedge,
        "hangs at the prompt": lambda: device.hang_next("+CMGS", 3600),
        "no prompt": device.lose_next_prompt,
    }


@pytest.mark.parametrize("how", ["deaf", "wedged", "hangs at the prompt", "no prompt"])
def test_a_sick_modem_delays_no_message(run_scenario: RunScenario, how: str) -> None:
    """One of two modems falls silent with a message in its hands and nothing on the air: the other sends it within seconds."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        sick = simulation.devices[0]
        trouble(sick)[how]()
        for number in range(4):
            await submit(simulation, f"hello {number}")
        await simulation.until(lambda: accepted(simulation) == 4, within_s=5 + 4 * 1.5 + 1, step_s=0.1)
        assert {row["state"] for row in simulation.all("SELECT state FROM message")} <= {"sent", "sending", "delivered"}
        await asyncio.sleep(120)
        assert accepted(simulation) == 4, "and nobody sends it again"

    run_scenario(story, families=(UART,), modems=2)


@pytest.mark.parametrize("family", [USB, UART])
def test_a_wedged_stick_is_reset_over_usb(run_scenario: RunScenario, family: str) -> None:
    """It answers nothing until its power goes: escaped, reopened, reset; then it sends. Each step is counted and timed."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].wedge()
        await submit(simulation, "hello")
        await simulation.until(lambda: accepted(simulation) == 1, within_s=180)
        assert simulation.usb_resets == ["1-1.0"]
        recovery = standing(simulation)
        assert recovery.counts == {"escape": 1, "reopen": 1, "usb reset": 1}
        assert recovery.spent_s["usb reset"] == pytest.approx(1.0)
        assert (recovery.trouble, recovery.rung) == (None, None), "it is over"
        assert "AT" in str(recovery.reason)

    run_scenario(story, families=(family,), modems=1)


def test_a_modem_that_stays_silent_is_put_into_quarantine_and_probed_on(run_scenario: RunScenario) -> None:
    """Its resets are minutes apart, its state is told in words; and when it hears again, it sends within 5 s."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        for _ in range(1000):  # a reset does not mend it
            device.deaf_for(300)
            await asyncio.sleep(2)
        assert healths(simulation) == ["quarantined"]
        assert "no answer to AT" in str(simulation.service.modems.views.list_modems()[0].reason)
        status = await simulation.service.operations.health.read_status()
        assert status.health.can_send is False
        assert standing(simulation).counts["quarantine"] >= 2
        assert len(simulation.usb_resets) <= 2000 / 300 + 1
        await submit(simulation, "hello")
        device.end_deafness()
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)

    run_scenario(story, families=(USB,), modems=1)


def test_a_modem_without_network_has_its_radio_switched(run_scenario: RunScenario) -> None:
    """After ten minutes: radio off and on, a reset, USB; never more often than the escalation allows; when the network is there
    again, it sends within 5 s."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        device.set_coverage(2)
        await asyncio.sleep(590)
        assert healths(simulation) == ["searching"]
        assert standing(simulation).counts == {}
        await asyncio.sleep(120)
        assert healths(simulation) == ["unhealthy"]
        assert simulation.service.modems.views.list_modems()[0].reason == "not registered for 10 min: searching"
        assert standing(simulation).rung == "radio"
        await asyncio.sleep(1200)
        assert standing(simulation).counts == {"radio": 2, "reset": 2, "usb reset": 2, "quarantine": 2}
        await submit(simulation, "hello")
        device.set_coverage(1)
        await simulation.until(lambda: device.registered, within_s=300, step_s=0.1)
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)

    run_scenario(story, families=(UART,), modems=1)


def test_a_sim_that_is_refused_is_no_reason_for_a_reset(run_scenario: RunScenario) -> None:
    """The network denies it, for a day: that is told, and the modem is left alone."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].set_coverage(3)
        await asyncio.sleep(7200)
        assert "has refused this SIM" in str(simulation.service.modems.views.list_modems()[0].reason)
        assert standing(simulation).counts == {}
        assert simulation.usb_resets == []

    run_scenario(story, families=(UART,), modems=1)


def test_no_sim_is_no_reason_for_a_reset(run_scenario: RunScenario) -> None:
    """A person is needed; when the SIM is there again, it sends within 5 s of its being registered."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device, sim = simulation.devices[0], simulation.sims[0]
        device.remove_sim()
        await asyncio.sleep(4 * 3600)
        assert healths(simulation) == ["needs a person"]
        assert not {"reset", "usb reset", "power"} & standing(simulation).counts.keys()
        await submit(simulation, "hello")
        device.insert_sim(sim)
        await simulation.until(lambda: device.registered, within_s=300, step_s=0.1)
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)

    run_scenario(story, families=(UART,), modems=1)


def test_a_restart_in_the_middle_of_a_send_is_known_at_once(run_scenario: RunScenario) -> None:
    """A brown-out on a UART: no port goes, its boot lines tell. The attempt is unknown then, not two minutes later, and the
    modem goes on with the next message."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        device.send_latency_s = 60.0
        await submit(simulation, "hello")
        await simulation.until(lambda: device.sending, within_s=10, step_s=0.05)
        device.restart()
        device.send_latency_s = 0.5
        await simulation.until(
            lambda: bool(simulation.all("SELECT 1 FROM event WHERE what = 'lost'")), within_s=40, step_s=0.1
        )
        await submit(simulation, "again")
        await simulation.until(lambda: device.registered, within_s=60, step_s=0.1)
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)

    run_scenario(story, families=(UART,), modems=1)


def test_five_unanswered_messages_begin_the_escalation(run_scenario: RunScenario) -> None:
    """A modem that answers AT and swallows PDUs is set up again each time, and then its radio is switched, as it goes on."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        for _ in range(7):
            device.lose_next_answer()
        for number in range(8):
            await submit(simulation, f"hello {number}", message_class="conversational")
        await simulation.until(lambda: modem_of(simulation).status.sent == 1, within_s=3600, step_s=1)
        counts = standing(simulation).counts
        assert counts["set up"] >= 1
        assert counts["radio"] == 1
        assert standing(simulation).trouble is None, "one passed"

    run_scenario(story, families=(UART,), modems=1)


def test_an_unplugged_stick_is_back_within_seconds_after_a_day(run_scenario: RunScenario) -> None:
    """Nothing is reset for it meanwhile."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device, link = simulation.devices[0], simulation.links["/sim/modem0"]
        link.unplug()
        await asyncio.sleep(86400)
        assert healths(simulation) == ["gone"]
        assert standing(simulation).counts == {}
        await submit(simulation, "hello", message_class="alarm")
        link.replug()
        await simulation.until(lambda: device.registered, within_s=120, step_s=0.1)
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)

    run_scenario(story, families=(USB,), modems=1)


def test_a_request_waits_for_the_answer_on_the_air(run_scenario: RunScenario) -> None:
    """What others ask of a modem is done between its own work, and its outcome goes back to them."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        device.send_latency_s = 10.0
        await submit(simulation, "hello")
        await simulation.until(lambda: device.sending, within_s=10, step_s=0.05)

        async def signal(dialogue: Any, identity: Any) -> tuple[str, ...]:
            assert not device.sending
            return tuple(await dialogue.run_command("+CSQ"))

        lines = await modem_of(simulation).run_request(signal, within_s=30)
        assert lines[0].startswith("+CSQ:")
        assert modem_of(simulation).status.health is ModemHealth.READY

    run_scenario(story, families=(UART,), modems=1)


def test_a_short_loss_of_the_network_costs_a_second(run_scenario: RunScenario) -> None:
    """Seen by a refusal, looked at every other second from then on: what was refused and what waits goes as it is back."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        device = simulation.devices[0]
        device.set_coverage(2)
        await submit(simulation, "hello")
        await asyncio.sleep(10)
        device.set_coverage(1)
        await simulation.until(lambda: device.registered, within_s=60, step_s=0.1)
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)

    run_scenario(story, families=(UART,), modems=1)


def test_a_modem_that_lost_its_pdu_mode_is_set_up_again(run_scenario: RunScenario) -> None:
    """After a brown-out of its own, with no word of it: the refusal is not the message's, which leaves within seconds."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].forget_settings(text_mode=True)
        await submit(simulation, "hello")
        await simulation.until(lambda: accepted(simulation) == 1, within_s=GOAL_S, step_s=0.1)
        (tries,) = (row["tries"] for row in simulation.all("SELECT tries FROM part"))
        assert tries <= 1

    run_scenario(story, families=(UART,), modems=1)


def test_a_power_hook_is_run_for_its_modem(run_scenario: RunScenario) -> None:
    """Where the stick's place is known its placeholders are filled; where it does not help, quarantine follows."""

    async def story(simulation: Simulation) -> None:
        await ready(simulation)
        for _ in range(180):
            simulation.devices[0].deaf_for(300)
            await asyncio.sleep(2)
        assert simulation.hooks_run == [["relay", "modem0", "1-1", "0"]]
        assert standing(simulation).rung == "quarantine"

    run_scenario(story, families=(UART,), modems=1, recovery={"power_hook": ["relay", "{name}", "{hub}", "{hub_port}"]})
