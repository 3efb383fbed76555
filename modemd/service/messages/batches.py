"""Accept files of many messages so that nothing else waits for them: staged, accepted by one commit, then promoted."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.service.messages.csv_rows import MOST_PROBLEMS, BadRows, parse_rows
from modemd.service.messages.submission import LONGEST_KEY, Submission, check_time
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.outbox import batches
from modemd.store.outbox.accept import NewMessage
from modemd.store.outbox.batches import PromotionStep

log = logs.get(__name__)

# How many rows are checked before the loop may do something else. A row takes about 0.1 ms, on a small board 1 ms.
CHECKED_AT_ONCE = 10
# How many steps of a file are checked and handed over while the first of them is committed; they share the next commit. On a
# card whose commits take 10 ms that makes 7,000 rows a second of 4,000.
STEPS_AHEAD = 4
# Of warnings and refusals, the answer tells so many; the messages themselves tell all.
MAX_LISTED = 100
_CHUNK_SIZE = 1024 * 1024


@dataclass(slots=True)
class _CheckedFile:
    """What was found in a file so far."""

    rows: list[NewMessage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Batches:
    """The door for files, and the task that makes messages of what they brought (`run`)."""

    def __init__(
        self,
        store: Store,
        submitting: Submission,
        policy: ConsentPolicy,
        clock: Clock,
        promoted: Callable[[MessageClass | None, bool], None],
    ) -> None:
        self._store = store
        self._submission = submitting
        self._policy = policy
        self._clock = clock
        self._on_promoted = promoted  # the highest class that was queued, and whether something is held
        self._staging_lock = asyncio.Lock()  # one file at a time; one that is a single commit does not wait for it
        self._wakeup = asyncio.Event()

    def wake(self) -> None:
        """There may be something to promote."""
        self._wakeup.set()

    async def run(self) -> None:
        """Promote what is accepted, and clear away what will not be, until cancelled."""
        retry = StoreRetry(log, "batches wait for the database")
        while True:
            self._wakeup.clear()
            if not await retry.run(self._run_step):
                await self._wakeup.wait()

    async def accept(self, body: bytes, key: str | None = None) -> dict[str, Any]:
        """Accept a CSV with the columns to,text,class[,at,key], whole: it is durable when this answers. BadRows names every
        malformed row. The same file under the same key is answered again."""
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            raise Refused(ErrorCode.BAD_KEY, f"a key has 1 to {LONGEST_KEY} characters")
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(
                ErrorCode.BAD_ENCODING, f"the CSV is not UTF-8 at byte {error.start}; save it as UTF-8"
            ) from None
        digest = await _compute_digest(body)
        known = (
            await self._store.read(partial(batches.find_by_key, key=key, digest=digest)) if key is not None else None
        )
        if known is not None:
            return await self._batch_answer(known, [])
        found = _CheckedFile()
        steps = self._check_rows(text, found)
        batch = (
            await self._accept_in_one_commit(found.rows, key, digest)
            if await anext(steps) and not found.problems
            else None
        )
        if batch is None:
            async with self._staging_lock:
                try:
                    batch = await self._stage_file(steps, key, digest, found)
                finally:
                    self.wake()  # to promote it, or to clear away
        return await self._batch_answer(batch, found.warnings)

    async def _stage_file(self, steps: AsyncIterator[bool], key: str | None, digest: bytes, found: _CheckedFile) -> int:
        """Stage the first rows and all that follow, step by step, then accept."""
        batch: int | None = None
        staged: deque[asyncio.Future[None]] = deque()
        more = True
        while more:
            if not found.problems and found.rows:
                rows, found.rows = found.rows, []
                if batch is None:
                    now = self._clock.now()
                    batch = await self._store.write(partial(batches.begin_staging, key=key, digest=digest, now=now))
                if len(staged) == STEPS_AHEAD:
                    await staged.popleft()
                staged.append(self._store.write(self._make_stage_change(batch, rows)))
            more = await anext(steps, None) is not None
        await asyncio.gather(*staged)
        if found.problems or batch is None:
            raise BadRows(_truncate_problems(found.problems))
        await self._store.write(partial(batches.accept_batch, batch=batch, now=self._clock.now()))
        return batch

    async def _check_rows(self, text: str, found: _CheckedFile) -> AsyncIterator[bool]:
        """The rows of a file, checked into `found`; a stop each `batches.STEP` rows, and True at the last."""
        for count, (line, wish) in enumerate(parse_rows(text)):
            if count and count % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
            if len(found.rows) >= batches.ROWS_PER_STEP or len(found.problems) > MOST_PROBLEMS:
                yield False
            if len(found.problems) > MOST_PROBLEMS:
                return
            if isinstance(wish, str):
                found.problems.append(f"line {line}: {wish}")
                continue
            try:
                new, warnings = self._submission.check(wish)
            except Refused as refused:
                found.problems.append(f"line {line}: {refused.reason}")
                continue
            found.rows.append(new)
            found.warnings += [f"line {line}: {warning}" for warning in warnings[: MAX_LISTED - len(found.warnings)]]
        yield True

    async def _accept_in_one_commit(self, rows: list[NewMessage], key: str | None, digest: bytes) -> int:
        """A file of one step: messages are made of it in the same commit."""
        now = self._clock.now()

        def change(db: sqlite3.Connection) -> tuple[int, PromotionStep]:
            batch = batches.begin_staging(db, key, digest, now)
            batches.stage_rows(db, batch, rows, self._policy, check_time, now)
            batches.accept_batch(db, batch, now)
            return batch, batches.promote(db, batch, self._policy, now, len(rows) + 1)

        batch, step = await self._store.write(change)
        self._on_promoted(step.highest_class, step.has_held)
        return batch

    def _make_stage_change(self, batch: int, rows: list[NewMessage]) -> Callable[[sqlite3.Connection], None]:
        return partial(
            batches.stage_rows, batch=batch, rows=rows, policy=self._policy, judge=check_time, now=self._clock.now()
        )

    async def _run_step(self) -> bool:
        """One small change; whether there was something to do."""
        clears = not self._staging_lock.locked()  # what is being staged now looks like what was left behind
        now = self._clock.now()

        def change(db: sqlite3.Connection) -> PromotionStep | bool:
            if clears and batches.discard_unaccepted(db, batches.ROWS_PER_STEP * 10):
                return True
            batch = batches.next_accepted(db)
            return batch is not None and batches.promote(db, batch, self._policy, now, batches.ROWS_PER_STEP)

        done = await self._store.write(change)
        if isinstance(done, PromotionStep):
            self._on_promoted(done.highest_class, done.has_held)
        return bool(done)

    async def _batch_answer(self, batch: int, warnings: Sequence[str]) -> dict[str, Any]:
        found = await self._store.read(partial(_batch_view, batch=batch))
        return found | {"warnings": list(warnings)}

    async def describe(self, id: int) -> dict[str, Any]:
        """A batch, with how many of its messages are in each state. Refused with `not_found`."""
        return await self._store.read(partial(_batch_view, batch=id))

    async def list_batches(self, *, key: str | None, limit: int) -> list[dict[str, Any]]:
        """Batches, newest first; `limit` 0 means all."""
        return await self._store.read(partial(batches.list_batches, key=key, limit=limit))


def _batch_view(db: sqlite3.Connection, batch: int) -> dict[str, Any]:
    found = batches.read_batch(db, batch)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no batch {batch}")
    return found | {
        "messages": batches.count_states(db, batch),
        "refusals": batches.list_refused(db, batch, MAX_LISTED),
    }


async def _compute_digest(body: bytes) -> bytes:
    """What tells one file from another, a piece at a time."""
    found = hashlib.sha256()
    for begin in range(0, len(body), _CHUNK_SIZE):
        found.update(body[begin : begin + _CHUNK_SIZE])
        await asyncio.sleep(0)
    return found.digest()


def _truncate_problems(problems: list[str]) -> list[str]:
    more = len(problems) > MOST_PROBLEMS
    return problems[:MOST_PROBLEMS] + (["and there is more; nothing behind was looked at"] if more else [])
