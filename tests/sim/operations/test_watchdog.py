"""The watchdog is fed while modems are sick, and not while a task hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from modemd.modem.context import LONGEST_TURN_S
from modemd.modem.status import Identity
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

TROUBLES: dict[str, Callable[[Simulation], None]] = {
    "deaf": lambda simulation: simulation.devices[0].deaf_for(1e6),
    "wedged": lambda simulation: simulation.devices[0].wedge(),
    "without power": lambda simulation: simulation.devices[0].power_off(),
    "without SIM": lambda simulation: simulation.devices[0].remove_sim(),
    "pulled out": lambda simulation: simulation.links["/sim/modem0"].unplug(),
}


@pytest.mark.parametrize("befall", TROUBLES.values(), ids=TROUBLES.keys())
def test_a_sick_modem_is_no_fault_of_the_process(
    run_scenario: RunScenario, befall: Callable[[Simulation], None]
) -> None:
    """Half a day long its task tries and waits, and the watchdog is fed all the time."""

    async def scenario(simulation: Simulation) -> None:
        heart = simulation.service.make_watchdog()
        await asyncio.sleep(60)  # it is set up, and has worked
        assert simulation.service.operations.health.assess().can_send
        befall(simulation)
        for _ in range(12 * 60):
            await asyncio.sleep(60)
            assert heart.find_stall() is None

    run_scenario(scenario, modems=1)


def test_a_task_that_hangs_is_found(run_scenario: RunScenario) -> None:
    """What a modem's task awaits never comes: after its longest turn the watchdog is not fed any more."""

    async def scenario(simulation: Simulation) -> None:
        heart = simulation.service.make_watchdog()
        never: asyncio.Future[Identity] = asyncio.get_running_loop().create_future()
        modem = simulation.service.modems.registry.modems[0]
        backend = modem._context.backend
        real, backend.register_sim = backend.register_sim, lambda _: never  # type: ignore[method-assign, assignment]
        simulation.devices[0].restart()
        await asyncio.sleep(LONGEST_TURN_S - 60)
        assert heart.find_stall() is None
        await asyncio.sleep(180)
        assert "the task of modem" in (heart.find_stall() or "")
        backend.register_sim = real  # type: ignore[method-assign]
        assert modem.status.identity is not None
        never.set_result(modem.status.identity)
        await asyncio.sleep(60)
        assert heart.find_stall() is None

    run_scenario(scenario, modems=1)
