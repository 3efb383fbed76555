"""House-keeping: what was kept long enough goes, a small step at a time, with pauses in which everybody else has the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config.retention import RetentionSettings
from modemd.service.store_retry import StoreRetry
from modemd.store import Store, retention
from modemd.store.retention import RetentionAges

log = logs.get(__name__)

# A step takes a few milliseconds; this long afterwards the database belongs to the others.
STEP_PAUSE_S = 0.2
INTERVAL_S = 3600.0
# After a start, modems and what waits go first.
FIRST_DELAY_S = 120.0


class Retention:
    """One task."""

    def __init__(
        self, store: Store, kept: RetentionSettings, clock: Clock, trusted: Callable[[], bool] = lambda: True
    ) -> None:
        self._store = store
        self._clock = clock
        self._is_clock_trusted = trusted
        self._ages = RetentionAges(kept.outbox.texts, kept.outbox.rows, kept.inbox.texts, kept.inbox.rows, kept.log)

    async def run(self) -> None:
        """Until cancelled. By a clock that is not trusted nothing is old."""
        await asyncio.sleep(FIRST_DELAY_S)
        retry = StoreRetry(log, "house-keeping waits for the database", retry_s=INTERVAL_S)
        while True:
            await retry.run(self._delete_expired)
            await asyncio.sleep(INTERVAL_S)

    async def _delete_expired(self) -> None:
        rows = 0
        while self._is_clock_trusted():
            done = await self._store.write(partial(retention.run_step, ages=self._ages, now=self._clock.now()))
            if not done:
                break
            rows += done
            await asyncio.sleep(STEP_PAUSE_S)
        if rows:
            log.info("what was kept long enough is gone", rows=rows)
