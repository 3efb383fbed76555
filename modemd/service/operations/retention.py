"""Retention: deletes what was stored long enough, in small steps, with pauses in which other changes have the database."""

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

# Pause after each step, which takes a few milliseconds: other changes have the database.
STEP_PAUSE_S = 0.2
INTERVAL_S = 3600.0
# Wait after a start: setting up modems and sending what waits come first.
FIRST_DELAY_S = 120.0


class Retention:
    """One task (`run`) that deletes old texts, messages and log rows, by the ages in the settings."""

    def __init__(
        self,
        store: Store,
        settings: RetentionSettings,
        clock: Clock,
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._is_clock_trusted = is_clock_trusted
        self._ages = RetentionAges(
            settings.outbox.texts, settings.outbox.rows, settings.inbox.texts, settings.inbox.rows, settings.log
        )

    async def run(self) -> None:
        """Deletes once an hour until it is cancelled. While the clock is not trusted, nothing counts as old."""
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
