"""Due work of consent: reviews that nobody decided, requests that nobody answered, and the reminders of these."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from modemd import logs
from modemd.clock import Clock
from modemd.rules.classes import MessageClass
from modemd.service.consent import double_opt_in
from modemd.service.consent.double_opt_in import DoubleOptIn
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.consent import resolutions, reviews
from modemd.store.outbox.accept import Submitted

log = logs.get(__name__)

# Deadlines are hours ahead when they are made, and wall time may be stepped: so often they are looked at.
LONGEST_WAIT = timedelta(minutes=10)
# How often it is checked whether the clock is trusted again.
UNTRUSTED_CHECK_S = 60.0
# Reviews and requests of one change.
STEP = 100


class ConsentDueWork:
    """One task (`run`). While the clock is not trusted, nothing is done. `rules` returns the double opt-in by the settings in
    force; `on_queued` is called with each reminder."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        rules: Callable[[], DoubleOptIn],
        on_queued: Callable[[Submitted, MessageClass], None],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._on_queued = on_queued
        self._is_clock_trusted = is_clock_trusted

    async def run(self) -> None:
        """Does what is due until it is cancelled."""
        retry = StoreRetry(log, "reviews and requests to confirm wait for the database")
        while True:
            wait = await retry.run(self.run_step)
            await asyncio.sleep(wait)

    async def run_step(self) -> float:
        """Makes one small change if something is due. Returns the seconds until the next look; 0 if something was done."""
        if not self._is_clock_trusted():
            return UNTRUSTED_CHECK_S
        longest = LONGEST_WAIT.total_seconds()
        due = await self._store.read(_find_next_due)
        now, rules = self._clock.now(), self._rules()
        if due is None or due > now:
            return longest if due is None else min((due - now).total_seconds(), longest)

        def change(db: sqlite3.Connection) -> tuple[int, int, list[Submitted]]:
            return (
                resolutions.resolve_due(db, now, STEP),
                rules.expire_due(db, now, STEP),
                rules.remind_due(db, now, STEP),
            )

        opted_out, expired, reminders = await self._store.write_consent(change)
        log.info("consent came due", opted_out=opted_out, expired=expired, reminded=len(reminders))
        for each in reminders:
            self._on_queued(each, MessageClass.SYSTEM)
        return 0.0


def _find_next_due(db: sqlite3.Connection) -> datetime | None:
    moments = [double_opt_in.find_next_due(db), reviews.find_next_due(db)]
    return min((moment for moment in moments if moment is not None), default=None)
