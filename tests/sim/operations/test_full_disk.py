"""The disk is full for a while, in simulated time: nothing is lost, nothing is sent twice, and nobody has to restart."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import pytest

from modemd.errors import ErrorCode, StoreUnavailable
from modemd.service.messages.submission import MessageRequest
from modemd.store import sqlite_errors, writer
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

ALICE = "+33612345678"


class Disk:
    """Disk that every commit of the simulation meets: it has room, or none."""

    def __init__(self) -> None:
        self.full = False
        self.refused = 0

    def run_group(self, connection: sqlite3.Connection, group: Sequence[writer.QueuedChange]) -> None:
        if not self.full:
            REAL(connection, group)
            return
        self.refused += len(group)
        for job in group:
            job.error = sqlite_errors.make_unavailable_error(ErrorCode.DISK_FULL, "database or disk is full")


REAL: Callable[[sqlite3.Connection, Sequence[writer.QueuedChange]], None] = writer.run_group


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr("tests.sim.world.store.run_group", found.run_group)
    return found


async def submit(simulation: Simulation, text: str, to: str = ALICE) -> int:
    return int((await simulation.service.messages.submission.submit(MessageRequest(to, text))).message.id)


def states(simulation: Simulation) -> list[str]:
    return [row["state"] for row in simulation.all("SELECT state FROM message ORDER BY id")]


def test_an_outcome_waits_in_memory_and_nothing_is_claimed(run_scenario: RunScenario, disk: Disk) -> None:
    """Full while a part is on the air: the outcome is kept when there is room, not a byte of the next goes out before, the
    modem stays open, and status says why."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].send_latency_s = 3.0
        await submit(simulation, "first")
        await submit(simulation, "second")
        await simulation.until(lambda: bool(simulation.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        disk.full = True
        await asyncio.sleep(600)
        status = await simulation.service.operations.health.read_status()
        assert status.failure is not None
        assert (status.health.can_send, status.failure.code) == (False, "disk_full")
        assert [modem.health for modem in status.modems] == ["ready"]
        assert [entry.text for entry in simulation.network.journal.accepted] == ["first"]
        with pytest.raises(StoreUnavailable, match="make room"):
            await submit(simulation, "refused")
        disk.full = False
        await simulation.until(lambda: states(simulation) == ["delivered"] * 2, within_s=120)
        assert [entry.text for entry in simulation.network.journal.accepted] == ["first", "second"]
        assert [row["outcome"] for row in simulation.all("SELECT outcome FROM attempt")] == ["sent", "sent"]
        status = await simulation.service.operations.health.read_status()
        assert (status.health.can_send, status.failure) == (True, None)

    run_scenario(scenario, modems=1)


def test_stopping_waits_for_room(run_scenario: RunScenario, disk: Disk) -> None:
    """SIGTERM while an outcome waits: the grace is used for it, and room within that time keeps it."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].send_latency_s = 3.0
        await submit(simulation, "first")
        await simulation.until(lambda: bool(simulation.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        disk.full = True
        await asyncio.sleep(10)
        stopping = asyncio.ensure_future(simulation.stop(45))
        await asyncio.sleep(20)
        assert not stopping.done()
        disk.full = False
        await stopping
        assert [row["outcome"] for row in simulation.all("SELECT outcome FROM attempt")] == ["sent"]

    run_scenario(scenario, modems=1)


def test_what_arrives_meanwhile_is_kept_later(run_scenario: RunScenario, disk: Disk) -> None:
    """Messages stay on their modem, and reports that no modem stores wait in memory: all are there when there is room."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.network.delivery_latency_s = 5.0
        first = await submit(simulation, "first")
        await simulation.until(lambda: states(simulation) == ["sent"], within_s=60, step_s=0.1)
        disk.full = True
        simulation.network.phone(ALICE).send(simulation.sims[0].number, "hello")
        await asyncio.sleep(300)
        assert simulation.all("SELECT 1 FROM inbox") == []
        assert disk.refused > 0
        disk.full = False
        await simulation.until(lambda: states(simulation) == ["delivered"], within_s=30)
        await simulation.until(
            lambda: [row["text"] for row in simulation.all("SELECT text FROM inbox")] == ["hello"], within_s=30
        )
        assert first == 1

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize("seed", range(6))
def test_a_disk_that_fills_up_again_and_again(run_scenario: RunScenario, disk: Disk, seed: int) -> None:
    """An hour of two modems and messages of several parts, the disk full at random moments: what was accepted is delivered,
    each text once; what was refused never was."""
    chance = Random(seed)

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        accepted = []

        async def fills() -> None:
            for _ in range(20):
                await asyncio.sleep(chance.uniform(1, 90))
                disk.full = True
                await asyncio.sleep(chance.choice((0.01, 0.1, 1, 10, 60)))
                disk.full = False

        filling = asyncio.ensure_future(fills())
        for index in range(40):
            await asyncio.sleep(chance.uniform(0, 40))
            text = f"{index} " + "long " * chance.choice((0, 0, 60))
            try:
                await submit(simulation, text, f"+3361234{index:04d}")
                accepted.append(text)
            except StoreUnavailable:
                continue
        await filling
        await simulation.until(lambda: set(states(simulation)) == {"delivered"}, within_s=3600)
        received = Counter(
            message.text for index in range(40) for message in simulation.network.phone(f"+3361234{index:04d}").inbox
        )
        assert received == Counter(accepted)
        assert len(simulation.network.journal) == simulation.all("SELECT sum(parts) AS parts FROM message")[0]["parts"]

    run_scenario(scenario, seed=seed)
