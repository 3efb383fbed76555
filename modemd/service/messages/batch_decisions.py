"""Decisions of people about batches: cancel, pause, resume. Each goes in small steps, so that other changes are not delayed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from modemd.clock import Clock
from modemd.rules.consent.policy import ConsentPolicy
from modemd.service.messages.decisions import check_authorship
from modemd.store import Store
from modemd.store.events import Authorship
from modemd.store.outbox import batch_decisions
from modemd.store.outbox.batch_decisions import CANCELLING, PAUSED, BatchStep

# Messages that one change cancels, pauses or resumes. A message that comes meanwhile waits for one such change at most.
MESSAGES_PER_STEP = 50
# Pause between two steps, in seconds: other changes have the database.
PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class BatchDecisionResult:
    """Batch, and how many of its messages a decision has changed."""

    batch: int
    changed: int


class BatchDecisions:
    """Decisions of people about batches. `on_released` is called when parts may be due that were not before."""

    def __init__(self, store: Store, policy: ConsentPolicy, clock: Clock, *, on_released: Callable[[], None]) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._on_released = on_released

    async def cancel(self, id: int, authorship: Authorship) -> BatchDecisionResult:
        """Cancels every message of a batch of which nothing can have left, also those that are no messages yet. Raises Refused
        (`no_reason`, `not_found`, `staging`)."""
        authorship = check_authorship(authorship)
        await self._store.write(partial(batch_decisions.hold, batch=id, reason=CANCELLING))
        step = partial(batch_decisions.cancel, batch=id, authorship=authorship, policy=self._policy)
        return await self._run(id, step)

    async def pause(self, id: int, authorship: Authorship) -> BatchDecisionResult:
        """Holds every message of a batch of which nothing can have left, until it is resumed. Raises Refused (`no_reason`,
        `not_found`, `staging`)."""
        authorship = check_authorship(authorship)
        await self._store.write(partial(batch_decisions.hold, batch=id, reason=PAUSED))
        return await self._run(id, partial(batch_decisions.pause, batch=id, authorship=authorship))

    async def resume(self, id: int, authorship: Authorship) -> BatchDecisionResult:
        """Lets a paused batch go on. Raises Refused (`no_reason`, `not_found`, `not_paused`)."""
        authorship = check_authorship(authorship)
        await self._store.write(partial(batch_decisions.require_paused, batch=id))
        return await self._run(id, partial(batch_decisions.resume, batch=id, authorship=authorship))

    async def _run(self, id: int, step: Callable[..., BatchStep]) -> BatchDecisionResult:
        """Makes steps until the last message of the batch is reached."""
        changed, after = 0, 0
        while True:
            change: Callable[[sqlite3.Connection], BatchStep] = partial(
                step, after=after, now=self._clock.now(), limit=MESSAGES_PER_STEP
            )
            done = await self._store.write(change)
            self._on_released()
            changed += done.changed
            if done.last is None:
                return BatchDecisionResult(id, changed)
            after = done.last
            await asyncio.sleep(PAUSE_S)
