"""What is due is done when it is due, by the wall clock, however that is stepped."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules.classes import MessageClass
from modemd.service.dispatch.due import LONGEST_WAIT_S, DueWork
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, Bench
from tests.sim.world.loop import LoopClock

HOUR_S = 3600.0


class WallClock(LoopClock):
    """Follows the loop, until somebody steps it."""

    stepped = timedelta()

    def now(self) -> datetime:
        return super().now() + self.stepped


@dataclass
class DueWorkBench:
    bench: Bench
    wall: WallClock
    due_work: DueWork
    promoted: list[float]
    looks: list[float]

    def state(self, message: int) -> str:
        return self.bench.state(message)

    async def scheduled(self, in_s: float) -> int:
        return await self.bench.submit(at=self.wall.now() + timedelta(seconds=in_s))


@asynccontextmanager
async def running(trusted: Callable[[], bool] = lambda: True) -> AsyncIterator[DueWorkBench]:
    """Due work whose task runs during the block."""
    loop = asyncio.get_running_loop()
    wall = WallClock(loop)
    bench = Bench(wall)
    promoted: list[float] = []
    looks: list[float] = []
    read = bench.store.read_hot

    async def counted(query: object) -> object:
        looks.append(loop.time())
        return await read(query)  # type: ignore[arg-type]

    bench.store.read_hot = counted  # type: ignore[method-assign,assignment]
    due_work = DueWork(bench.store, wall, lambda: promoted.append(loop.time()), trusted)
    task = loop.create_task(due_work.run())
    yield DueWorkBench(bench, wall, due_work, promoted, looks)
    assert not task.done(), "it runs until it is cancelled"
    task.cancel()


@simulated
async def test_a_message_is_promoted_at_its_minute() -> None:
    """Not a second before; and who sends is told, once."""
    async with running() as bench:
        message = await bench.scheduled(2 * HOUR_S)
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(2 * HOUR_S - 1)
        assert (bench.state(message), bench.promoted) == ("held", [])
        await asyncio.sleep(1.2)
        assert bench.state(message) == "queued"
        assert len(bench.promoted) == 1
        assert bench.promoted[0] - began < 2 * HOUR_S + 0.2


@simulated
async def test_a_clock_that_is_stepped_forward_is_noticed() -> None:
    """An hour later at once: within half a minute what is due now is done."""
    async with running() as bench:
        message = await bench.scheduled(HOUR_S)
        await asyncio.sleep(60)
        bench.wall.stepped = timedelta(hours=1)
        await asyncio.sleep(LONGEST_WAIT_S + 1)
        assert bench.state(message) == "queued"


@simulated
async def test_a_clock_that_is_stepped_back_delays_what_it_says() -> None:
    """Nothing goes before its minute by the wall clock, though a timer was set before the step."""
    async with running() as bench:
        message = await bench.scheduled(HOUR_S)
        await asyncio.sleep(HOUR_S - 10)
        bench.wall.stepped = timedelta(hours=-1)
        await asyncio.sleep(HOUR_S)
        assert bench.state(message) == "held"
        await asyncio.sleep(11)
        assert bench.state(message) == "queued"


@simulated
async def test_a_poke_makes_it_look_at_once() -> None:
    """Something due in 5 s came while it waited for its next look: it is done in 5 s."""
    async with running() as bench:
        await asyncio.sleep(1)
        message = await bench.scheduled(5)
        bench.due_work.wake()
        await asyncio.sleep(5.2)
        assert bench.state(message) == "queued"


@simulated
async def test_a_poke_while_it_looks_is_not_lost() -> None:
    """The table may have been read before the change: it is read again."""
    async with running() as bench:
        await asyncio.sleep(1)
        bench.due_work.wake()
        await asyncio.sleep(0)
        bench.due_work.wake()
        seen = len(bench.looks)
        await asyncio.sleep(1)
        assert len(bench.looks) > seen


@simulated
async def test_nothing_due_costs_one_look_in_half_a_minute() -> None:
    """An idle hour is 120 looks."""
    async with running() as bench:
        await asyncio.sleep(HOUR_S)
        assert len(bench.looks) <= HOUR_S / LONGEST_WAIT_S + 1


@simulated
async def test_what_waits_too_long_expires_and_wakes_nobody() -> None:
    """An otp that no modem took is over after its 5 minutes."""
    async with running() as bench:
        message = await bench.bench.submit(message_class=MessageClass.OTP)
        await asyncio.sleep(299)
        assert bench.state(message) == "queued"
        await asyncio.sleep(LONGEST_WAIT_S)
        assert (bench.state(message), bench.promoted) == ("expired", [])


@simulated
async def test_more_than_one_step_holds_is_done_in_several() -> None:
    """1,200 messages due at one moment are all promoted, and other writers get their turn in between."""
    async with running() as bench:
        at = bench.wall.now() + timedelta(minutes=1)
        for index in range(1200):
            await bench.bench.submit(f"+3361{index:07d}", at=at)
        held = [1200]
        while held[-1]:
            held.append(await bench.bench.store.write(_held))
        assert set(held) == {1200, 700, 200, 0}, "each step was seen"
        await asyncio.sleep(1)
        assert len(bench.promoted) == 3


def _held(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM message WHERE state = 'held'").fetchone()[0])


@simulated
async def test_what_was_due_while_it_was_off_is_done_at_the_start() -> None:
    """A daemon that starts late promotes what it missed at once."""
    loop = asyncio.get_running_loop()
    wall = WallClock(loop)
    bench = Bench(wall)
    message = await bench.submit(ALICE, at=wall.now() + timedelta(minutes=1))
    await asyncio.sleep(600)
    task = loop.create_task(DueWork(bench.store, wall, lambda: None, lambda: True).run())
    await asyncio.sleep(0.2)
    assert bench.state(message) == "queued"
    task.cancel()


@simulated
async def test_a_clock_that_is_not_trusted_stops_calendar_and_expiry() -> None:
    """Alarms are promoted, what is scheduled or over stays as it is, at one look in half a minute; when the clock is trusted
    again, all that is due is done, and who sends is told."""
    trust = [False]
    async with running(lambda: trust[0]) as bench:
        scheduled = await bench.scheduled(60)
        over = await bench.bench.submit("+33612345699", message_class=MessageClass.OTP)
        alarm = await bench.bench.submit(
            "+33612345698", message_class=MessageClass.ALARM, at=bench.wall.now() + timedelta(seconds=400)
        )
        await asyncio.sleep(HOUR_S)
        assert [bench.state(message) for message in (scheduled, over, alarm)] == ["held", "queued", "queued"]
        assert (len(bench.promoted), len(bench.looks) <= HOUR_S / LONGEST_WAIT_S + 4) == (1, True)
        trust[0] = True
        await asyncio.sleep(LONGEST_WAIT_S + 1)
        assert [bench.state(message) for message in (scheduled, over)] == ["queued", "expired"]
        assert len(bench.promoted) == 3
