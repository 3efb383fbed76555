"""A modem task over a stub modem, and a check that it leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth, ModemLine
from modemd.profiles import Profiles
from tests.modem.backend import FakeBackend, draft
from tests.modem.stub_modem import StubModem
from tests.profiles.shipped import shipped_profiles
from tests.sim.world.loop import LoopClock

SHIPPED = shipped_profiles()
SWEEP_S = 300.0


def unlimited(iccid: str) -> float | None:
    return None


@dataclass
class Bench:
    """A modem task over a stub modem."""

    rate: Callable[[str], float | None] = unlimited
    profiles: Profiles = SHIPPED
    stub: StubModem = field(default_factory=StubModem)
    backend: FakeBackend = field(default_factory=FakeBackend)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.modem = Modem(
            ModemLine("west", "/dev/west", self.rate),
            backend=self.backend,
            open_port=self.stub.open,
            profiles=self.profiles,
            sweep_interval_s=SWEEP_S,
            now=LoopClock(loop).now,
        )
        self.task = loop.create_task(self.modem.run())

    @property
    def health(self) -> ModemHealth:
        return self.modem.status.health

    def queue(self, *parts: int) -> None:
        """Parts become due."""
        self.backend.waiting.extend(draft(part) for part in parts)
        self.modem.wake()

    async def until(self, true: Callable[[], bool], within_s: float = 60, step_s: float = 0.01) -> None:
        deadline = asyncio.get_running_loop().time() + within_s
        while not true():
            assert asyncio.get_running_loop().time() < deadline, f"not within {within_s} s"
            await asyncio.sleep(step_s)

    async def becomes(self, health: ModemHealth, within_s: float = 60) -> None:
        await self.until(lambda: self.health is health, within_s)

    async def stopped(self) -> None:
        self.modem.stop()
        async with asyncio.timeout(100):
            await self.task
        assert self.health is ModemHealth.STOPPED


@asynccontextmanager
async def bench(rate: Callable[[str], float | None] = unlimited, profiles: Profiles = SHIPPED) -> AsyncIterator[Bench]:
    """A modem for the block; at its end it stops, and has left nothing behind."""
    b = Bench(rate, profiles)
    yield b
    if not b.task.done():
        await b.stopped()
    assert b.backend.reserved == set(), "a draft was left reserved"
    assert all(port.closed for port in b.stub.ports), "a port was left open"
    claimed = [entry for entry in b.backend.journal if isinstance(entry, str)]
    ended = {report.attempt_id for report in b.backend.reports}
    assert len(ended) == len(claimed), "an attempt was left open"
