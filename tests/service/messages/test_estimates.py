"""Estimates: what waits before a file is counted once for many files while the queue is long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY
from modemd.rules.routing import Routes
from modemd.service.messages.estimates import COUNT_SERVES, Estimates
from modemd.store import Store
from modemd.store.outbox.backlog import WaitingParts
from modemd.store.outbox.outbound_message import OutboundMessage
from tests.sim.world.loop import LoopClock, simulate

QUEUED = WaitingParts(ANY, MessageClass.MARKETING, 60_000)
COUNT_S = 0.05


class LongQueue:
    """Store whose queue takes its time to be counted."""

    def __init__(self) -> None:
        self.counts = 0

    async def read(self, ask: Callable[..., Any]) -> list[WaitingParts]:
        self.counts += 1
        await asyncio.sleep(COUNT_S)
        return [QUEUED]


async def no_sims() -> list[Any]:
    return []


def test_a_long_queue_is_not_counted_for_each_file() -> None:
    """A count serves for some time; what files add meanwhile is in the backlog, but for what is planned for later."""

    async def scenario() -> None:
        queue, clock = LongQueue(), LoopClock(asyncio.get_running_loop())
        estimates = Estimates(cast(Store, queue), clock, Routes(), no_sims)
        assert (await estimates.read_backlog()).waiting == (QUEUED,)
        load, now = estimates.make_workload(), clock.now()
        for at in (None, now + timedelta(hours=1)):
            load.add([OutboundMessage("+33612345678", "a", MessageClass.OTP, 2, now + timedelta(days=1), at=at)])
        estimates.note_accepted(load)
        added = WaitingParts(ANY, MessageClass.OTP, 2)
        assert (await estimates.read_backlog()).waiting == (QUEUED, added)
        await asyncio.sleep(COUNT_SERVES * COUNT_S)
        assert (await estimates.read_backlog()).waiting == (QUEUED,)
        assert queue.counts == 2

    simulate(scenario())
