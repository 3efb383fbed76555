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
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

ALICE = "+33612345678"


class Disk:
    """What every commit of the house meets: room, or none."""

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


async def submit(house: House, text: str, to: str = ALICE) -> int:
    return int((await house.service.messages.submission.submit(MessageRequest(to, text))).message["id"])


def states(house: House) -> list[str]:
    return [row["state"] for row in house.all("SELECT state FROM message ORDER BY id")]


def test_an_outcome_waits_in_memory_and_nothing_is_claimed(live: Live, disk: Disk) -> None:
    """Full while a part is on the air: the outcome is kept when there is room, not a byte of the next goes out before, the
    modem stays open, and status says why."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].send_latency_s = 3.0
        await submit(house, "first")
        await submit(house, "second")
        await house.until(lambda: bool(house.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        disk.full = True
        await asyncio.sleep(600)
        status = await house.service.operations.health.read_status()
        assert (status["can_send"], status["trouble"]["code"]) == (False, "disk_full")
        assert [modem["health"] for modem in status["modems"]] == ["ready"]
        assert [entry.text for entry in house.network.journal.accepted] == ["first"]
        with pytest.raises(StoreUnavailable, match="make room"):
            await submit(house, "refused")
        disk.full = False
        await house.until(lambda: states(house) == ["delivered"] * 2, within_s=120)
        assert [entry.text for entry in house.network.journal.accepted] == ["first", "second"]
        assert [row["outcome"] for row in house.all("SELECT outcome FROM attempt")] == ["sent", "sent"]
        status = await house.service.operations.health.read_status()
        assert (status["can_send"], status["trouble"]) == (True, None)

    live(scenario, modems=1)


def test_stopping_waits_for_room(live: Live, disk: Disk) -> None:
    """SIGTERM while an outcome waits: the grace is used for it, and room within that time keeps it."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].send_latency_s = 3.0
        await submit(house, "first")
        await house.until(lambda: bool(house.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        disk.full = True
        await asyncio.sleep(10)
        stopping = asyncio.ensure_future(house.stop(45))
        await asyncio.sleep(20)
        assert not stopping.done()
        disk.full = False
        await stopping
        assert [row["outcome"] for row in house.all("SELECT outcome FROM attempt")] == ["sent"]

    live(scenario, modems=1)


def test_what_arrives_meanwhile_is_kept_later(live: Live, disk: Disk) -> None:
    """Messages stay on their modem, and reports that no modem stores wait in memory: all are there when there is room."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.network.delivery_latency_s = 5.0
        first = await submit(house, "first")
        await house.until(lambda: states(house) == ["sent"], within_s=60, step_s=0.1)
        disk.full = True
        house.network.phone(ALICE).send(house.sims[0].number, "hello")
        await asyncio.sleep(300)
        assert house.all("SELECT 1 FROM inbox") == []
        assert disk.refused > 0
        disk.full = False
        await house.until(lambda: states(house) == ["delivered"], within_s=30)
        await house.until(
            lambda: [row["text"] for row in house.all("SELECT text FROM inbox")] == ["hello"], within_s=30
        )
        assert first == 1

    live(scenario, modems=1)


@pytest.mark.parametrize("seed", range(6))
def test_a_disk_that_fills_up_again_and_again(live: Live, disk: Disk, seed: int) -> None:
    """An hour of two modems and messages of several parts, the disk full at random moments: what was accepted is delivered,
    each text once; what was refused never was."""
    chance = Random(seed)

    async def scenario(house: House) -> None:
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
                await submit(house, text, f"+3361234{index:04d}")
                accepted.append(text)
            except StoreUnavailable:
                continue
        await filling
        await house.until(lambda: set(states(house)) == {"delivered"}, within_s=3600)
        received = Counter(
            message.text for index in range(40) for message in house.network.phone(f"+3361234{index:04d}").inbox
        )
        assert received == Counter(accepted)
        assert len(house.network.journal) == house.all("SELECT sum(parts) AS parts FROM message")[0]["parts"]

    live(scenario, seed=seed)
