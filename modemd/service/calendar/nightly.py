"""Nightly jobs: APScheduler's triggers say when, our Clock says what time it is, and a table says what was done already.

APScheduler's own scheduler asks the machine for the time, so it could not run in simulated time; a trigger gets the time as an
argument. A job runs once per local date, over changes to summer time, clock steps and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from modemd import logs
from modemd.clock import Clock
from modemd.errors import StoreError
from modemd.light_dataclass import dataclass
from modemd.store import Store, schedules

log = logs.get(__name__)

# Wall time may be stepped while a timer runs; this bounds how long that stays unnoticed.
LONGEST_WAIT = timedelta(minutes=10)
# How often it is checked whether the clock is trusted again.
UNTRUSTED_CHECK_S = 60.0
# Hour and minute: there is little traffic then, and changes to summer time are over in most of the world.
NIGHTLY_TIME = (3, 30)


class Trigger(Protocol):
    """Interface of an APScheduler trigger, as far as it is used."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class CalendarJob:
    """Job of the calendar. Its work runs in the store's transaction that also notes that it ran. `follow_up` runs after the
    commit, for what is not in the database; if the process ends before it, the next day is soon enough."""

    name: str
    trigger: Trigger
    work: schedules.Work
    follow_up: Callable[[], Awaitable[None]] | None = None


def nightly_job(zone: ZoneInfo, follow_up: Callable[[], Awaitable[None]] | None = None) -> CalendarJob:
    """Returns the maintenance of the database, every night at `NIGHTLY_TIME` in local time."""
    hour, minute = NIGHTLY_TIME
    trigger = CronTrigger(hour=hour, minute=minute, timezone=zone)
    return CalendarJob("nightly", trigger, schedules.run_nightly_maintenance, follow_up)


class JobScheduler:
    """One task (`run`) that runs jobs when they are due."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        zone: ZoneInfo,
        jobs: Sequence[CalendarJob],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._jobs = jobs
        self._is_clock_trusted = is_clock_trusted

    async def run(self) -> None:
        """Runs jobs until it is cancelled. While the clock is not trusted, none is run."""
        while True:
            if not self._is_clock_trusted():
                await asyncio.sleep(UNTRUSTED_CHECK_S)
                continue
            now = self._clock.now()
            due = {job.name: job.trigger.get_next_fire_time(None, now) for job in self._jobs}
            wait = min((at - now for at in due.values() if at is not None), default=LONGEST_WAIT)
            await asyncio.sleep(min(wait, LONGEST_WAIT).total_seconds())
            for job in self._jobs:
                at = due[job.name]
                if at is not None and at <= self._clock.now() and self._is_clock_trusted():
                    await self._run_job(job)

    async def _run_job(self, job: CalendarJob) -> None:
        now = self._clock.now()
        date = now.astimezone(self._zone).date()
        try:
            change = partial(schedules.run_once_a_day, job=job.name, day=date, work=job.work, now=now)
            if await self._store.write(change):
                log.info("calendar", job=job.name, date=date)
                if job.follow_up is not None:
                    await job.follow_up()
        except StoreError as error:
            log.error("calendar work failed; it is due again tomorrow", job=job.name, error=str(error))
