"""Running the doctor in simulated time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.bench import Bench
from tests.sim.conftest import run_scenario
from tests.sim.world.loop import simulate

__all__ = ["run_scenario"]

Visit = Callable[[Bench], Awaitable[None]]
Doctor = Callable[..., None]


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    """`doctor(visit, family="sim800", ...)`: a machine with one modem, where no daemon runs."""

    def run(visit: Visit, **given: Any) -> None:
        async def process() -> None:
            await visit(Bench(tmp_path, **given))

        simulate(process())

    return run
