"""Calendar work, in simulated time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger

from modemd.service.calendar.nightly import CalendarJob, JobScheduler
from tests.sim.world.loop import LoopClock, simulate
from tests.sim.world.store import fresh_database, rows, store_over

PARIS = ZoneInfo("Europe/Paris")


def runs(
    start: datetime,
    days: float,
    trigger: CronTrigger,
    *,
    lives: int = 1,
    step: Callable[[LoopClock], None] | None = None,
) -> list[datetime]:
    """When a job ran (UTC) from `start`, in so many days, over `lives` of the process."""
    ran: list[datetime] = []

    async def process() -> None:
        clock = LoopClock(asyncio.get_running_loop(), start)
        database = fresh_database()
        for _ in range(lives):
            store = store_over(database, Random(1))
            job = CalendarJob("job", trigger, lambda db, now: ran.append(clock.now()))
            task = asyncio.ensure_future(JobScheduler(store, clock, PARIS, [job], lambda: True).run())
            await asyncio.sleep(days * 24 * 3600 / lives)
            task.cancel()
            if step is not None:
                step(clock)
        assert len(ran) == len(rows(database, "SELECT * FROM calendar_run"))

    simulate(process())
    return [moment.replace(second=0, microsecond=0) for moment in ran]


def test_a_job_runs_every_night_at_its_local_time() -> None:
    """03:30 in Paris, also across the change to summer time (29 March 2026)."""
    ran = runs(datetime(2026, 3, 27, 12, tzinfo=UTC), 4, CronTrigger(hour=3, minute=30, timezone=PARIS))
    assert [moment.astimezone(PARIS).strftime("%d %H:%M") for moment in ran] == [
        "28 03:30", "29 03:30", "30 03:30", "31 03:30",
    ]  # fmt: skip


def test_an_hour_that_occurs_twice_runs_once() -> None:
    """02:30 on 25 October 2026 comes twice; the trigger fires twice, the work is done once."""
    ran = runs(datetime(2026, 10, 24, 12, tzinfo=UTC), 2, CronTrigger(hour=2, minute=30, timezone=PARIS))
    assert [moment.astimezone(PARIS).day for moment in ran] == [25, 26]


def test_a_restart_does_not_run_it_again() -> None:
    """What ran today is kept in the table, not in the process."""
    every_quarter = CronTrigger(minute="*/15", timezone=PARIS)
    ran = runs(datetime(2026, 6, 1, 6, tzinfo=UTC), 0.5, every_quarter, lives=4)
    assert len(ran) == 1


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), sqlite3.DatabaseError("malformed")])
def test_a_job_that_fails_is_due_again_the_next_day(error: sqlite3.Error) -> None:
    """Its failure ends neither the task nor the note of success."""
    tried: list[datetime] = []

    async def process() -> None:
        clock = LoopClock(asyncio.get_running_loop())

        def fails_once(db: sqlite3.Connection, now: datetime) -> None:
            tried.append(now)
            if len(tried) == 1:
                raise error

        job = CalendarJob("job", CronTrigger(hour=3, minute=30, timezone=PARIS), fails_once)
        database = fresh_database()
        task = asyncio.ensure_future(
            JobScheduler(store_over(database, Random(1)), clock, PARIS, [job], lambda: True).run()
        )
        await asyncio.sleep(2 * 24 * 3600)
        task.cancel()
        assert len(rows(database, "SELECT * FROM calendar_run")) == 1

    simulate(process())
    assert len(tried) == 2


def test_the_calendar_stops_while_the_clock_is_not_trusted() -> None:
    """No night's work by a clock that may be days off; the next night after it is trusted again is done."""
    ran: list[datetime] = []
    trust = [False]

    async def process() -> None:
        clock = LoopClock(asyncio.get_running_loop())
        job = CalendarJob("job", CronTrigger(hour=3, minute=30, timezone=PARIS), lambda db, now: ran.append(now))
        store = store_over(fresh_database(), Random(1))
        task = asyncio.ensure_future(JobScheduler(store, clock, PARIS, [job], lambda: trust[0]).run())
        await asyncio.sleep(3 * 24 * 3600)
        assert ran == []
        trust[0] = True
        await asyncio.sleep(24 * 3600)
        task.cancel()

    simulate(process())
    assert len(ran) == 1
