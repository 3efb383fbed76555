"""A modem that loses its settings without a word is found out by the next poll: what comes after it is announced again."""

from __future__ import annotations

import asyncio

import pytest

from tests.sim.conftest import RunScenario
from tests.sim.modems.found_modems import ready, rows, submit
from tests.sim.modems.test_odd_modems import refuse
from tests.sim.world.assembled import FAMILIES, Simulation

POLL_S = 65.0
NOTICE_S = 10.0
WITHOUT_SWEEPS = "1d"


def opted_out(simulation: Simulation) -> set[str]:
    return {row["number"] for row in simulation.all("SELECT number FROM contact WHERE marketing = 'opted_out'")}


async def say_stop(simulation: Simulation, number: str, within_s: float = NOTICE_S) -> None:
    """STOP comes from this number, and binds within so many seconds."""
    simulation.network.phone(number).send(simulation.sims[0].number, "STOP")
    await simulation.until(lambda: number in opted_out(simulation), within_s=within_s, step_s=0.1)


async def send_and_see_delivered(simulation: Simulation) -> None:
    """A message leaves, and its report comes by its notice."""
    simulation.devices[0].send_latency_s = 0.5
    await submit(simulation)
    await simulation.until(
        lambda: (
            {row["state"] for row in simulation.all("SELECT state FROM message WHERE reason IS NOT 'opted_out'")}
            == {"delivered"}
        ),
        within_s=30,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_modem_that_forgot_its_settings_gives_notices_again(run_scenario: RunScenario, family: str) -> None:
    """After the poll, a report and a STOP arrive by their notices; a STOP before it is found by the poll."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        await ready(simulation, device.name)
        await send_and_see_delivered(simulation)
        device.forget_settings()
        await say_stop(simulation, "+33612345671", within_s=POLL_S)
        assert device.settings.notifications.mt == 1
        await say_stop(simulation, "+33612345672")
        await send_and_see_delivered(simulation)
        assert rows(simulation)[device.name].health == "ready"

    run_scenario(scenario, modems=1, families=(family,), sweep_interval=WITHOUT_SWEEPS)


def test_notices_that_another_program_switched_off_are_set_again(run_scenario: RunScenario) -> None:
    """All else is as it was: the modem is not set up again for it."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        await ready(simulation, device.name)
        wanted = device.settings.notifications.ds
        for number in ("+33612345671", "+33612345672"):
            device.settings.notifications.mode = device.settings.notifications.mt = device.settings.notifications.ds = 0
            await say_stop(simulation, number, within_s=POLL_S)
            assert device.settings.notifications.ds == wanted
        await send_and_see_delivered(simulation)

    run_scenario(scenario, modems=1, families=("generic",), sweep_interval=WITHOUT_SWEEPS)


@pytest.mark.parametrize("refused", [(), ("+CNMI?",)], ids=["it tells its notices", "it does not"])
def test_a_modem_without_storage_hands_over_again(run_scenario: RunScenario, refused: tuple[str, ...]) -> None:
    """A STOP came while the answer to a message was awaited for 20 s: too late for its acknowledgement, so that the modem set mt
    and ds to 0. The next one arrives, and so do reports."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        refuse("+CPMS", "+CMGL", *refused)(device)
        await ready(simulation, device.name)
        device.send_latency_s = 5.0  # STOP comes before the report, which would wait for its acknowledgement, too
        device.delay_next_answer(20.0)
        await submit(simulation)
        await asyncio.sleep(2)
        await say_stop(simulation, "+33612345671", within_s=40)
        await simulation.until(lambda: device.settings.notifications.mt == 2, within_s=5, step_s=0.1)
        await say_stop(simulation, "+33612345672")
        await asyncio.sleep(20)
        assert device.settings.notifications.mt == 2, "it is acknowledged in time"
        await say_stop(simulation, "+33612345673")

    run_scenario(scenario, modems=1, families=("generic",), sweep_interval=WITHOUT_SWEEPS)


def test_a_modem_that_lost_its_notice_and_handed_over_no_more(run_scenario: RunScenario) -> None:
    """The message that it handed over while an answer was awaited never came through: the long wait alone has its notices
    looked at, long before the next poll."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        refuse("+CPMS", "+CMGL")(device)
        await ready(simulation, device.name)
        device.send_latency_s = 5.0
        device.delay_next_answer(20.0)
        await submit(simulation)
        await asyncio.sleep(2)
        device.lose_next_notice()
        simulation.network.phone("+33612345671").send(simulation.sims[0].number, "STOP")
        await simulation.until(lambda: device.settings.notifications.mt == 0, within_s=20, step_s=0.1)
        await simulation.until(lambda: device.settings.notifications.mt == 2, within_s=15, step_s=0.1)
        await say_stop(simulation, "+33612345672")

    run_scenario(scenario, modems=1, families=("generic",), sweep_interval=WITHOUT_SWEEPS)


def test_a_modem_that_stores_elsewhere_is_set_up_again(run_scenario: RunScenario) -> None:
    """Another program chose another memory: what came there without a notice is read, and messages arrive where they did."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        await ready(simulation, device.name)
        before = list(device.settings.memories)
        device.settings.memories[:] = ["ME"] * 3
        device.lose_next_notice()
        await say_stop(simulation, "+33612345671", within_s=POLL_S)
        await simulation.until(lambda: list(device.settings.memories) == before, within_s=5, step_s=0.1)

    run_scenario(scenario, modems=1, families=("generic",), sweep_interval=WITHOUT_SWEEPS)


def test_what_came_while_a_modem_was_in_text_mode_is_read_once_it_is_set_up_again(run_scenario: RunScenario) -> None:
    """Another program has left it so: a STOP waits for the sweep that notices it, and not for one more."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        await ready(simulation, device.name)
        await asyncio.sleep(5)
        device.settings.text_mode = True
        await say_stop(simulation, "+33612345671", within_s=75)

    run_scenario(scenario, modems=1, families=("huawei_e3372",), sweep_interval="60s")
