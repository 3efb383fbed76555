"""Batches: accepts files of many messages without delaying anything else, and runs the steps of `store/outbox/batches.py`."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.states import MessageState
from modemd.service.messages.csv_rows import MOST_PROBLEMS, BadRows, parse_rows
from modemd.service.messages.submission import LONGEST_KEY, Submission, check_time
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.outbox import batches
from modemd.store.outbox.batches import PromotionStep
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import BatchRow, RefusedRow

log = logs.get(__name__)

# How many characters are checked before the loop may do something else; each row counts as `ROW_COST` more. A short row takes
# about 0.1 ms, on a small board 1 ms, and the longest text 10 ms, on a small board 100 ms.
CHECKED_AT_ONCE = 10_000
ROW_COST = 1_000
EMPTY_ROW_COST = 10
# How many steps of a file are checked and submitted while the first of them is committed; they share the next commit. On a
# card whose commits take 10 ms, that raises 4,000 rows a second to 7,000.
STEPS_AHEAD = 4
# How many warnings and refusals the answer lists; the messages themselves have all of them.
MAX_LISTED = 100
_CHUNK_SIZE = 1024 * 1024


@dataclass(slots=True)
class _CheckedFile:
    """Rows, problems and warnings that were found in a file so far."""

    rows: list[OutboundMessage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BatchView:
    """Batch, with how many of its messages are in each state, and the first that consent refused."""

    batch: BatchRow
    messages: dict[MessageState, int]
    refusals: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True)
class BatchResult(BatchView):
    """Answer to a file: its batch, and the first warnings about its numbers, by line."""

    warnings: tuple[str, ...]


class Batches:
    """Acceptance of files (`accept`), and the task that turns accepted rows into messages (`run`). `on_promoted` is called with
    the highest class that was queued, if any, and whether messages are held."""

    def __init__(
        self,
        store: Store,
        submission: Submission,
        policy: ConsentPolicy,
        clock: Clock,
        on_promoted: Callable[[MessageClass | None, bool], None],
    ) -> None:
        self._store = store
        self._submission = submission
        self._policy = policy
        self._clock = clock
        self._on_promoted = on_promoted
        self._staging_lock = asyncio.Lock()  # one file at a time; a file of a single commit does not wait
        self._wakeup = asyncio.Event()

    def wake(self) -> None:
        """Wakes the task: there may be something to promote or to discard."""
        self._wakeup.set()

    async def run(self) -> None:
        """Promotes accepted batches, and discards what was staged and never accepted, until it is cancelled."""
        retry = StoreRetry(log, "batches wait for the database")
        while True:
            self._wakeup.clear()
            if not await retry.run(self._run_step):
                await self._wakeup.wait()

    async def accept(self, body: bytes, key: str | None = None) -> BatchResult:
        """Accepts a CSV with the columns to,text,class[,at,key], all of it or nothing: it is durable when this returns. The same
        file with the same key gets the same answer again. Raises BadRows, which names every malformed row, and Refused
        (`bad_key`, `bad_encoding`, `key_reused`, `staging`)."""
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            raise Refused(ErrorCode.BAD_KEY, f"a key has 1 to {LONGEST_KEY} characters")
        digest = await _check_octets(body)
        known = (
            await self._store.read(partial(batches.find_by_key, key=key, digest=digest)) if key is not None else None
        )
        if known is not None:
            return await self._make_result(known, [])
        found = _CheckedFile()
        steps = self._check_rows(body, found)
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
                    self.wake()  # to promote it, or to discard what was staged
        return await self._make_result(batch, found.warnings)

    async def _stage_file(self, steps: AsyncIterator[bool], key: str | None, digest: bytes, found: _CheckedFile) -> int:
        """Stages the rows that are checked already and all that follow, step by step, then accepts them. Returns the batch.
        Raises BadRows."""
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

    async def _check_rows(self, body: bytes, found: _CheckedFile) -> AsyncIterator[bool]:
        """Checks the rows of a file and adds them to `found`. Yields False after each `batches.ROWS_PER_STEP` rows, and True at
        the end."""
        cost = 0
        for each in parse_rows(body):
            line, row = each.line, each.found
            if cost >= CHECKED_AT_ONCE:
                cost = 0
                await asyncio.sleep(0)
            cost += each.size + (EMPTY_ROW_COST if row is None else ROW_COST)
            if row is None:
                continue
            if len(found.rows) >= batches.ROWS_PER_STEP or len(found.problems) > MOST_PROBLEMS:
                yield False
            if len(found.problems) > MOST_PROBLEMS:
                return
            if isinstance(row, str):
                found.problems.append(f"line {line}: {row}")
                continue
            try:
                new, warnings = self._submission.check(row)
            except Refused as refused:
                found.problems.append(f"line {line}: {refused.reason}")
                continue
            found.rows.append(new)
            found.warnings += [f"line {line}: {warning}" for warning in warnings[: MAX_LISTED - len(found.warnings)]]
        yield True

    async def _accept_in_one_commit(self, rows: list[OutboundMessage], key: str | None, digest: bytes) -> int:
        """Accepts a file of one step, and makes its messages in the same commit. Returns the batch."""
        now, policy, accepted = self._clock.now(), self._policy, tuple(rows)

        def change(db: sqlite3.Connection) -> tuple[int, PromotionStep]:
            batch = batches.begin_staging(db, key, digest, now)
            batches.stage_rows(db, batch, accepted, policy, check_time, now)
            batches.accept_batch(db, batch, now)
            return batch, batches.promote(db, batch, policy, now, len(accepted) + 1)

        batch, step = await self._store.write(change)
        self._on_promoted(step.highest_class, step.has_held)
        return batch

    def _make_stage_change(self, batch: int, rows: list[OutboundMessage]) -> Callable[[sqlite3.Connection], None]:
        return partial(
            batches.stage_rows, batch=batch, rows=rows, policy=self._policy, judge=check_time, now=self._clock.now()
        )

    async def _run_step(self) -> bool:
        """Makes one small change. Returns True if there was something to do."""
        clears = not self._staging_lock.locked()  # rows that are being staged now look like abandoned ones
        now, policy = self._clock.now(), self._policy

        def change(db: sqlite3.Connection) -> PromotionStep | bool:
            if clears and batches.discard_unaccepted(db, batches.ROWS_PER_STEP * 10):
                return True
            batch = batches.next_accepted(db)
            return batch is not None and batches.promote(db, batch, policy, now, batches.ROWS_PER_STEP)

        done = await self._store.write(change)
        if isinstance(done, PromotionStep):
            self._on_promoted(done.highest_class, done.has_held)
        return bool(done)

    async def _make_result(self, batch: int, warnings: Sequence[str]) -> BatchResult:
        view = await self._store.read(partial(_read_view, batch=batch))
        return BatchResult(view.batch, view.messages, view.refusals, tuple(warnings))

    async def describe(self, id: int) -> BatchView:
        """Returns a batch, with how many of its messages are in each state. Raises Refused (`not_found`)."""
        return await self._store.read(partial(_read_view, batch=id))

    async def list_batches(self, *, key: str | None, limit: int) -> list[BatchRow]:
        """Returns batches, newest first; `key`: only the one with this key; `limit` 0 means all."""
        return await self._store.read(partial(batches.list_batches, key=key, limit=limit))


def _read_view(db: sqlite3.Connection, batch: int) -> BatchView:
    found = batches.read_batch(db, batch)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no batch {batch}")
    return BatchView(found, batches.count_states(db, batch), tuple(batches.list_refused(db, batch, MAX_LISTED)))


async def _check_octets(body: bytes) -> bytes:
    """Returns the SHA-256 of a file, by which files with the same key are told apart. Raises Refused (`bad_encoding`) if it is
    not UTF-8. The loop may do other work between its chunks."""
    found, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    for begin in range(0, max(len(body), 1), _CHUNK_SIZE):
        chunk = body[begin : begin + _CHUNK_SIZE]
        found.update(chunk)
        left = len(decoder.getstate()[0])  # octets of a character that began in the chunk before
        try:
            decoder.decode(chunk, final=begin + _CHUNK_SIZE >= len(body))
        except UnicodeDecodeError as error:
            at = begin - left + error.start
            raise Refused(ErrorCode.BAD_ENCODING, f"the CSV is not UTF-8 at byte {at}; save it as UTF-8") from None
        await asyncio.sleep(0)
    return found.digest()


def _truncate_problems(problems: list[str]) -> list[str]:
    more = len(problems) > MOST_PROBLEMS
    return problems[:MOST_PROBLEMS] + (["and there is more; nothing behind was looked at"] if more else [])
