"""Due work: promotes, expires and closes messages by the clock, and shows inbound messages whose parts stay incomplete."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.inbound import reassembly
from modemd.store.outbox import due as outbox_due

log = logs.get(__name__)

# Wall time may be stepped while a timer runs; this bounds how long that stays unnoticed.
LONGEST_WAIT_S = 30.0
STEP = 500


class DueWork:
    """One task (`run`). It asks the tables what is due, does it in small steps, and sleeps until the next is. `on_promoted` is
    called when held messages were queued."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        on_promoted: Callable[[], None],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_promoted = on_promoted
        self._is_clock_trusted = is_clock_trusted
        self._was_trusted = True
        self._wakeup = asyncio.Event()

    def wake(self) -> None:
        """Wakes the task: something may be due earlier than was known."""
        self._wakeup.set()

    async def run(self) -> None:
        """Does what is due until it is cancelled."""
        retry = StoreRetry(log, "the timetable waits for the database")
        while True:
            await retry.run(self._wait_or_run_due)

    async def _wait_or_run_due(self) -> None:
        self._wakeup.clear()
        before, trusted = self._was_trusted, self._is_clock_trusted()
        self._was_trusted = trusted
        if trusted and not before:
            self._on_promoted()  # messages that waited for a trusted clock are queued already
        due = await self._store.read_hot(_next_due if trusted else outbox_due.find_next_clock_independent)
        now = self._clock.now()
        if due is not None and due <= now:
            if await self._store.write(partial(_run_due, now=now, trusted=trusted)):
                self._on_promoted()
            return
        wait = LONGEST_WAIT_S if due is None else min((due - now).total_seconds(), LONGEST_WAIT_S)
        try:
            async with asyncio.timeout(wait):
                await self._wakeup.wait()
        except TimeoutError:
            return


def _next_due(db: sqlite3.Connection) -> datetime | None:
    moments = [moment for moment in (outbox_due.find_next_due(db), reassembly.find_next_due(db)) if moment is not None]
    return min(moments, default=None)


def _run_due(db: sqlite3.Connection, now: datetime, trusted: bool) -> bool:
    """Does up to `STEP` of each kind of due work. Returns True if anything was promoted. While the clock is not trusted, nothing
    is ended."""
    promoted = outbox_due.promote_due(db, now, STEP, trusted=trusted)
    if not trusted:
        return bool(promoted)
    outbox_due.expire_overdue(db, now, STEP)
    outbox_due.close_overdue(db, now, STEP)
    reassembly.show_incomplete(db, now)
    return bool(promoted)
