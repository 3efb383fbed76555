"""Claims that choose the next part too: on SIMs without a pace, over long queues, beside others, and when all stops."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from modemd.emulator import identities
from modemd.errors import StoreError
from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import accepted, ready, submit
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate

FIRST, SECOND = (identities.iccid("33", "01", place) for place in (1, 2))
AT_ONCE: dict[str, Any] = {"rate": "unlimited"}


async def queue(simulation: Simulation, count: int) -> None:
    for index in range(count):
        await submit(simulation, to=f"+33612345{index:03d}")


def test_a_sim_that_sends_without_a_pause_is_at_work(run_scenario: RunScenario) -> None:
    """However long it has not asked for a part: its claims bring the next one."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].send_latency_s = 5.0
        await queue(simulation, 90)
        await asyncio.sleep(360)
        assert 60 < len(accepted(simulation)) < 90
        assert simulation.service._dispatcher._breakers.list_active_sims(simulation.clock.now())

    run_scenario(scenario, modems=1, sims={FIRST: AT_ONCE})


def test_the_quota_of_one_sim_holds_nothing_that_another_sends(run_scenario: RunScenario) -> None:
    """One has used up its day; the other sends for minutes: what either may send is not held."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for device in simulation.devices:
            device.send_latency_s = 5.0
        await queue(simulation, 120)
        await asyncio.sleep(450)
        assert simulation.all("SELECT count(*) AS n FROM part WHERE state = 'held'") == [{"n": 0}]
        assert len(accepted(simulation)) > 80

    run_scenario(scenario, modems=2, sims={FIRST: AT_ONCE, SECOND: AT_ONCE | {"limits": {"day": 5, "reserve": 0}}})


def test_the_last_part_of_a_quota_keeps_nothing_from_an_idle_sim(run_scenario: RunScenario) -> None:
    """What a SIM may not send behind it is not reserved for that SIM."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await asyncio.sleep(5)
        simulation.devices[0].send_latency_s, simulation.devices[1].send_latency_s = 5.0, 3.0
        await queue(simulation, 6)
        await asyncio.sleep(25)
        assert len(accepted(simulation)) == 6

    run_scenario(scenario, modems=2, sims={FIRST: AT_ONCE | {"limits": {"hour": 2, "reserve": 0}}, SECOND: AT_ONCE})


def test_a_sim_that_rests_sends_nothing(run_scenario: RunScenario) -> None:
    """Refused whoever is written to, it rests, though a queue waits and the next part was chosen."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.network.reject(None, 42)
        simulation.devices[0].send_latency_s = 1.0
        await queue(simulation, 40)
        await asyncio.sleep(50)
        assert simulation.all("SELECT count(*) AS n FROM attempt")[0]["n"] <= 7

    run_scenario(scenario, modems=1, sims={FIRST: AT_ONCE})


@pytest.mark.parametrize("wait_s", [0.0, 0.3, 0.6])
def test_a_stop_leaves_no_attempt_open(wait_s: float) -> None:
    """The claim of a quick modem was handed over before its prompt came: it is withdrawn before the store closes."""

    async def process() -> None:
        simulation = Simulation(1, modems=1, longest_fsync_s=0.5, sims={FIRST: AT_ONCE})
        simulation.devices[0].prompt_latency_s = 0.05
        await simulation.start()
        await ready(simulation)
        for index in range(2):
            await submit(simulation, to=f"+3361234560{index}")
            await asyncio.sleep(20 + wait_s)
        submitting = asyncio.ensure_future(submit(simulation, to="+33612345699"))
        (modem,) = simulation.service.modems.registry.modems
        async with asyncio.timeout(30):
            while (  # noqa: ASYNC110 - what is waited for is no event
                (session := modem._session) is None
                or (sender := session._sender) is None
                or sender._early_claim is None
            ):
                await asyncio.sleep(0.001)
        await simulation.stop()
        simulation.writer.submit = simulation.writer.submit_lazily = _closed  # type: ignore[method-assign] # as behind `close`
        await simulation.writer.close()
        await asyncio.sleep(2)
        await asyncio.gather(submitting, return_exceptions=True)
        assert simulation.all("SELECT id FROM attempt WHERE outcome = 'open'") == []

    simulate(process())


def _closed(change: Callable[[sqlite3.Connection], Any]) -> asyncio.Future[Any]:
    raise StoreError("the database is closed")
