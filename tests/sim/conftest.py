"""Running a scenario in simulated time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.sim.world.assembled import House
from tests.sim.world.loop import simulate

Scenario = Callable[[House], Awaitable[None]]
Live = Callable[..., None]


@pytest.fixture
def live() -> Live:
    """`live(scenario, modems=1, ...)` builds a house, starts it, runs the scenario, and stops it in the end."""

    def run(scenario: Scenario, *, seed: int = 1, **given: Any) -> None:
        async def life() -> None:
            house = House(seed, **given)
            await house.start()
            await scenario(house)
            await house.stop()

        simulate(life())

    return run
