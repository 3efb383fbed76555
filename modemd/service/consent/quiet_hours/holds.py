"""Holds for quiet hours, renewed when a reload or new public holidays have changed the hours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.service.consent.quiet_hours.current import CurrentQuietHours
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.outbox import quiet_holds

log = logs.get(__name__)

CHECK_S = 10.0


class QuietHolds:
    """One task (`run`): held marketing does not wait for hours that are no longer in force. `on_renewed` is called when messages
    may be due earlier."""

    def __init__(
        self,
        store: Store,
        quiet_hours: CurrentQuietHours,
        clock: Clock,
        is_clock_trusted: Callable[[], bool],
        on_renewed: Callable[[], None],
    ) -> None:
        self._store = store
        self._quiet_hours = quiet_hours
        self._clock = clock
        self._is_clock_trusted = is_clock_trusted
        self._on_renewed = on_renewed
        self._renewed_for: QuietHours | None = None  # the file may have changed while no daemon ran

    async def run(self) -> None:
        """Looks for other hours until it is cancelled."""
        retry = StoreRetry(log, "the renewal of holds for quiet hours waits for the database")
        while True:
            await retry.run(self.renew)
            await asyncio.sleep(CHECK_S)

    async def renew(self) -> None:
        """Renews every hold, step by step, if the hours in force are others than before."""
        current = self._quiet_hours.current()
        if current is self._renewed_for or not self._is_clock_trusted():
            return
        last: int | None = 0
        while last is not None:
            step = partial(quiet_holds.renew_step, quiet_hours=current, now=self._clock.now(), after=last)
            last = await self._store.write(step)
        self._renewed_for = current
        self._on_renewed()
