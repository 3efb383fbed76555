"""Quota holds: holds the messages of a lane whose quota is used up, in small steps, while everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import StoreError
from modemd.rules.routing import RoutingSnapshot
from modemd.store import Store
from modemd.store.queue import quotas
from modemd.store.queue.candidates import ExhaustedLane

log = logs.get(__name__)


class QuotaHolds:
    """One task for each exhausted lane and class, until nothing of it is queued. `on_held` is called then; `on_failed` if the
    database does not take it."""

    def __init__(self, store: Store, clock: Clock, on_held: Callable[[], None], on_failed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_held = on_held
        self._on_failed = on_failed
        self._tasks: dict[ExhaustedLane, asyncio.Task[None]] = {}

    def start(self, exhausted: Sequence[ExhaustedLane], terms: RoutingSnapshot) -> None:
        """Starts holding what a SIM found over its quota. Does nothing for a lane that is being held already."""
        for each in exhausted:
            if each not in self._tasks:
                self._tasks[each] = task = asyncio.ensure_future(self._hold_all(each, terms))
                task.add_done_callback(partial(self._finish, each))

    def stop(self) -> None:
        """Stops holding; what is left is held after the next start."""
        for task in self._tasks.values():
            task.cancel()

    def _finish(self, exhausted: ExhaustedLane, task: asyncio.Task[None]) -> None:
        del self._tasks[exhausted]
        if not task.cancelled() and task.exception() is not None:
            log.error("holding failed", iccid=exhausted.sim, error=repr(task.exception()))

    async def _hold_all(self, exhausted: ExhaustedLane, terms: RoutingSnapshot) -> None:
        step = partial(
            quotas.hold_lane,
            lane_id=exhausted.lane_id,
            message_class=exhausted.message_class,
            sim=exhausted.sim,
            limits=terms.limits(exhausted.sim),
        )
        messages = 0
        try:
            while held := await self._store.write(partial(step, now=self._clock.now())):
                messages += held
        except StoreError as error:
            log.error("what is over a quota is not held yet", iccid=exhausted.sim, error=str(error))
            self._on_failed()
            return
        if messages:
            log.info(
                "held for a quota", iccid=exhausted.sim, message_class=exhausted.message_class.value, messages=messages
            )
            self._on_held()
