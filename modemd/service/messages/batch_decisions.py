"""Decisions of people about batches: cancel, pause, resume. Each goes in small steps, so that other changes are not delayed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial

from modemd import logs
from modemd.client_work import for_clients
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.pauses import BATCH_PAUSED
from modemd.service.authorship import check_authorship
from modemd.service.rules_in_force import RulesInForce
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.events import Authorship
from modemd.store.outbox import batch_decisions
from modemd.store.outbox.batch_decisions import CANCELLING, DECISIONS, RESUMING, BatchStep

log = logs.get(__name__)

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

    def __init__(self, store: Store, rules: RulesInForce, clock: Clock, *, on_released: Callable[[], None]) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._on_released = on_released
        self._is_stopped = False

    def stop(self) -> None:
        """Ends each decision behind the step that it is at. The next process finishes it."""
        self._is_stopped = True

    async def cancel(self, id: int, authorship: Authorship) -> BatchDecisionResult:
        """Cancels every message of a batch of which nothing can have left, also those that are no messages yet. Raises Refused
        (`no_reason`, `not_found`, `staging`, `stopping`)."""
        return await self._decide(id, CANCELLING, partial(batch_decisions.hold, reason=CANCELLING), authorship)

    async def pause(self, id: int, authorship: Authorship) -> BatchDecisionResult:
        """Holds every message of a batch of which nothing can have left, until it is resumed. Raises Refused (`no_reason`,
        `not_found`, `staging`, `cancelling`, `superseded`, `stopping`)."""
        return await self._decide(id, BATCH_PAUSED, partial(batch_decisions.hold, reason=BATCH_PAUSED), authorship)

    async def resume(self, id: int, authorship: Authorship) -> BatchDecisionResult:
        """Lets a paused batch go on. Raises Refused (`no_reason`, `not_found`, `not_paused`, `cancelling`, `superseded`,
        `stopping`)."""
        return await self._decide(id, RESUMING, batch_decisions.begin_resume, authorship)

    async def _decide(
        self, id: int, reason: str, store_decision: Callable[..., None], authorship: Authorship
    ) -> BatchDecisionResult:
        """Stores a decision first, so that the next start finishes it if this one cannot, and then makes its steps."""
        authorship = check_authorship(authorship)
        await self._store.write(partial(store_decision, batch=id, authorship=authorship, now=self._clock.now()))
        return await self._run(id, reason, authorship)

    async def finish_interrupted(self) -> None:
        """Goes on with the decisions whose steps the end of the process has cut short. A finished one is not changed by it."""
        for decision in await self._store.read(batch_decisions.list_stored_decisions):
            retry = StoreRetry(log, "the decision about a batch waits for the database")
            try:
                done = await retry.run(partial(self._run, decision.batch, decision.reason, decision.authorship))
            except Refused as refused:
                log.info("a decision that was cut short is not finished", batch=decision.batch, because=str(refused))
                continue
            if done.changed:
                log.warning(
                    "a decision was cut short and is finished",
                    batch=done.batch,
                    reason=decision.reason,
                    messages=done.changed,
                )

    async def _run(self, id: int, reason: str, authorship: Authorship) -> BatchDecisionResult:
        """Makes the steps of a decision until the last message of the batch is reached. Raises Refused if modemd stops before
        (`stopping`), or if another decision about the batch comes (`superseded`)."""
        steps: dict[str, Callable[..., BatchStep]] = {
            CANCELLING: partial(batch_decisions.cancel, rules=self._rules.current()),
            BATCH_PAUSED: batch_decisions.pause,
            RESUMING: batch_decisions.resume,
        }
        step = partial(steps[reason], batch=id, authorship=authorship)
        changed, after = 0, 0
        while True:
            change: Callable[[sqlite3.Connection], BatchStep] = partial(
                step, after=after, now=self._clock.now(), limit=MESSAGES_PER_STEP
            )
            with for_clients():
                done = await self._store.write(change)
            self._on_released()
            changed += done.changed
            if done.is_superseded:
                raise Refused(
                    ErrorCode.SUPERSEDED,
                    f"another decision about batch {id} has come before the {DECISIONS[reason]} had reached all its messages; "
                    f"modemd batches --id {id} shows it",
                )
            if done.last is None:
                return BatchDecisionResult(id, changed)
            after = done.last
            if self._is_stopped:
                raise Refused(
                    ErrorCode.STOPPING,
                    f"modemd is stopping; the {DECISIONS[reason]} of batch {id} is stored, and is finished at the next start",
                )
            await asyncio.sleep(PAUSE_S)
