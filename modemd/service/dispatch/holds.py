"""Holds what quotas do not let go: in small steps, beside everything else."""

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
    """A task for each lane and class that is over, until nothing of it is queued. `held` is called then; `failed` where the
    database does not take it."""

    def __init__(self, store: Store, clock: Clock, held: Callable[[], None], failed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_held = held
        self._on_failed = failed
        self._tasks: dict[ExhaustedLane, asyncio.Task[None]] = {}

    def start(self, over: Sequence[ExhaustedLane], terms: RoutingSnapshot) -> None:
        """What a SIM found over its quota; what is being held already is not begun twice."""
        for each in over:
            if each not in self._tasks:
                self._tasks[each] = task = asyncio.ensure_future(self._hold_all(each, terms))
                task.add_done_callback(partial(self._finish, each))

    def stop(self) -> None:
        """Leave the rest to the next start."""
        for task in self._tasks.values():
            task.cancel()

    def _finish(self, over: ExhaustedLane, task: asyncio.Task[None]) -> None:
        del self._tasks[over]
        if not task.cancelled() and task.exception() is not None:
            log.error("holding failed", iccid=over.sim, error=repr(task.exception()))

    async def _hold_all(self, over: ExhaustedLane, terms: RoutingSnapshot) -> None:
        step = partial(
            quotas.hold_lane,
            lane_id=over.lane_id,
            message_class=over.message_class,
            sim=over.sim,
            limits=terms.limits(over.sim),
        )
        messages = 0
        try:
            while held := await self._store.write(partial(step, now=self._clock.now())):
                messages += held
        except StoreError as error:
            log.error("what is over a quota is not held yet", iccid=over.sim, error=str(error))
            self._on_failed()
            return
        if messages:
            log.info("held for a quota", iccid=over.sim, message_class=over.message_class.value, messages=messages)
            self._on_held()
