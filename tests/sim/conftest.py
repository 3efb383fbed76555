"""Running a scenario in simulated time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate

Scenario = Callable[[Simulation], Awaitable[None]]
RunScenario = Callable[..., None]


@pytest.fixture
def run_scenario() -> RunScenario:
    """`run_scenario(scenario, modems=1, ...)` builds a simulation, starts it, runs the scenario, and stops it in the end."""

    def run(scenario: Scenario, *, seed: int = 1, **given: Any) -> None:
        async def main() -> None:
            simulation = Simulation(seed, **given)
            await simulation.start()
            await scenario(simulation)
            await simulation.stop()

        simulate(main())

    return run
