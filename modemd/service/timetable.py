"""What happens by the clock, from modemd's own tables: promotion, expiry, closing, and sets that stay incomplete."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime

from modemd.clock import Clock
from modemd.store import Store, inbox, outbox

# Wall time may be stepped while a timer runs; this bounds how long that stays unnoticed.
LONGEST_WAIT_S = 30.0
STEP = 500


class Timetable:
    """One task. It asks the tables what is due, does it in small steps, and sleeps until the next."""

    def __init__(self, store: Store, clock: Clock, promoted: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._promoted = promoted
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Something may be due earlier than was known."""
        self._poked.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._poked.clear()
            while await self._step():
                pass
            due = await self._store.read(outbox.next_due)
            wait = LONGEST_WAIT_S if due is None else (due - self._clock.now()).total_seconds()
            try:
                async with asyncio.timeout(min(max(wait, 0.0), LONGEST_WAIT_S)):
                    await self._poked.wait()
            except TimeoutError:
                continue

    async def _step(self) -> bool:
        """Do up to `STEP` of each; whether more may be left."""
        now = self._clock.now()
        promoted, more = await self._store.write(lambda db: _turn(db, now))
        if promoted:
            self._promoted()
        return more


def _turn(db: sqlite3.Connection, now: datetime) -> tuple[bool, bool]:
    promoted = len(outbox.promote(db, now, STEP))
    done = (promoted, outbox.expire(db, now, STEP), outbox.close_overdue(db, now, STEP))
    inbox.show_incomplete(db, now)
    return promoted > 0, max(done) >= STEP
