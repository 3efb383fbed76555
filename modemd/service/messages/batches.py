"""Batches: accepts files of many messages without delaying anything else, and runs the steps of `store/outbox/batches.py`."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from modemd import logs
from modemd.client_work import for_clients
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.service.messages.checked_file import CheckedFile
from modemd.service.messages.csv_encoding import read_content
from modemd.service.messages.csv_rows import NO_OPTIONS, BadRows, FileOptions, parse_rows
from modemd.service.messages.estimates import Estimate, Estimates
from modemd.service.messages.submission import Submission, check_key, check_time, parse_time
from modemd.service.messages.workload import Workload
from modemd.service.named_sim import MESSAGES_WAIT, find_warnings
from modemd.service.pages import PagedList, read_paged_list
from modemd.service.rules_in_force import RulesInForce
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.outbox import batches
from modemd.store.outbox.batches import FileIdentity, FileRow, JudgedRow, PromotionStep
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
# Seconds that promotion waits between two steps while files are accepted. Then it still makes 500 messages a second, many more
# than modems send.
LONGEST_REST_S = 0.1
# How many refusals the answer lists; the messages themselves have all of them.
MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class BatchView:
    """Batch, with how many of its messages are in each state, and the first that consent refused."""

    batch: BatchRow
    messages: dict[MessageState, int]
    refusals: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True)
class BatchResult(BatchView):
    """Answer to a file: its batch, and the first warnings, by line. `left_out`: rows whose number an earlier row has, if each
    number gets one message only; `is_repeat`: the key of the file was known, and this is its first batch again, without an
    estimate."""

    warnings: tuple[str, ...]
    left_out: int
    is_repeat: bool
    estimate: Estimate | None


class Batches:
    """Acceptance of files (`accept`), and the task that turns accepted rows into messages (`run`). `on_promoted` is called with
    the highest class that was queued, if any, and whether messages are held."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        submission: Submission,
        rules: RulesInForce,
        clock: Clock,
        estimates: Estimates,
        on_promoted: Callable[[MessageClass | None, bool], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._submission = submission
        self._rules = rules
        self._clock = clock
        self._estimates = estimates
        self._on_promoted = on_promoted
        self._staging_lock = asyncio.Lock()  # one file at a time; a file of a single commit does not wait
        self._wakeup = asyncio.Event()
        self._files = 0  # that are being accepted
        self._no_files = asyncio.Event()
        self._no_files.set()

    def wake(self) -> None:
        """Wakes the task: there may be something to promote or to discard."""
        self._wakeup.set()

    async def run(self) -> None:
        """Promotes accepted batches, and discards what was staged and never accepted, until it is cancelled."""
        retry = StoreRetry(log, "batches wait for the database")
        while True:
            self._wakeup.clear()
            if not await retry.run(self.run_step):
                await self._wakeup.wait()
            await self._let_files_first()

    async def _let_files_first(self) -> None:
        """Waits until no file is being accepted, for `LONGEST_REST_S` at most: whoever sends one waits for the answer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_REST_S):
                await self._no_files.wait()

    @contextlib.contextmanager
    def _accepting(self) -> Iterator[None]:
        self._files += 1
        self._no_files.clear()
        try:
            yield
        finally:
            self._files -= 1
            if not self._files:
                self._no_files.set()

    async def accept(self, body: bytes, key: str | None = None, options: FileOptions = NO_OPTIONS) -> BatchResult:
        """Accepts a CSV with the columns to,text,class[,at,key,list], all of it or nothing: it is durable when this returns. The
        same file with the same key and options gets the same answer again. Raises BadRows, which names every malformed row, and
        Refused (`bad_key`, `bad_encoding`, `bad_time`, `key_reused`, `staging`)."""
        with self._accepting():
            return await self._accept(body, key, options)

    async def _accept(self, body: bytes, key: str | None, options: FileOptions) -> BatchResult:
        found, load = await self.open_file(body, options), self._estimates.make_workload()
        identity = FileIdentity(key, found.content.digest, options.describe())
        if (known := await self.find_known(found, key, options)) is not None:
            return await self._make_result(known.id, CheckedFile(found.content, options), None, is_repeat=True)
        before = await self._estimates.read_backlog()
        steps = self.check_rows(found)
        batch = (
            await self._accept_in_one_commit(found, identity, load)
            if await anext(steps) and not found.problems
            else None
        )
        if batch is None:
            async with self._staging_lock:
                try:
                    batch = await self._stage_file(steps, identity, found, load)
                finally:
                    self.wake()  # to promote it, or to discard what was staged
        self._estimates.note_accepted(load)
        result = await self._make_result(batch, found, self._estimates.estimate(load, before))
        row = result.batch
        log.info(
            "batch accepted",
            batch=row.id,
            rows=row.rows,
            accepted=row.accepted,
            refused=row.refused,
            first_message=row.first_message,
            last_message=row.last_message,
        )
        return result

    async def find_known(self, file: CheckedFile, key: str | None, options: FileOptions) -> BatchRow | None:
        """Returns the batch that a file became under this key before; None if there is none. Raises Refused (`bad_key`,
        `key_reused`, `staging`)."""
        if key is None:
            return None
        check_key(key)
        identity = FileIdentity(key, file.content.digest, options.describe())
        known = await self._store.read(partial(batches.find_by_key, file=identity))
        return (await self.describe(known)).batch if known is not None else None

    async def open_file(self, body: bytes, options: FileOptions) -> CheckedFile:
        """Returns a file of which no row is checked yet; it knows whether it was accepted before. Raises Refused
        (`bad_encoding`, `bad_time`)."""
        settings = self._settings.current()
        content = await read_content(body, settings.country)
        if options.at is not None:  # a time of the day is the same one for all rows, however long the file takes
            at = parse_time(options.at, settings.timezone, self._clock.now())
            options = replace(options, at=at.isoformat())
        found = CheckedFile(content, options)
        found.warn_of_file(await find_warnings(self._store, options.sim, MESSAGES_WAIT))
        found.note_same_file(await self._store.read(partial(batches.find_same_file, digest=content.digest)))
        return found

    async def _stage_file(
        self, steps: AsyncIterator[bool], identity: FileIdentity, found: CheckedFile, load: Workload
    ) -> int:
        """Stages the rows that are checked already and all that follow, step by step, then accepts them. Returns the batch.
        Raises BadRows."""
        batch: int | None = None
        staged: deque[asyncio.Future[tuple[JudgedRow, ...]]] = deque()
        more = True
        while more:
            if not found.problems and found.rows:
                rows = found.take_rows()
                if batch is None:
                    now = self._clock.now()
                    batch = await self._store.write(partial(batches.begin_staging, file=identity, now=now))
                if len(staged) == STEPS_AHEAD:
                    _count(await staged.popleft(), found, load)
                staged.append(self._store.write(self._make_stage_change(batch, rows)))
            more = await anext(steps, None) is not None
        for step in await asyncio.gather(*staged):
            _count(step, found, load)
        if found.problems or batch is None:
            raise BadRows(found.problems)
        await self._store.write(partial(batches.accept_batch, batch=batch, now=self._clock.now()))
        return batch

    async def check_rows(self, found: CheckedFile) -> AsyncIterator[bool]:
        """Checks the rows of a file and adds them to `found`. Yields False after each `batches.ROWS_PER_STEP` rows, and True at
        the end."""
        cost = 0
        for row in parse_rows(found.content, found.options):
            if cost >= CHECKED_AT_ONCE:
                cost = 0
                await asyncio.sleep(0)
            cost += row.size + (EMPTY_ROW_COST if row.found is None else ROW_COST)
            found.warn(row.line, row.warnings)
            if row.found is None:
                continue
            if len(found.rows) >= batches.ROWS_PER_STEP or found.is_hopeless:
                yield False
            if found.is_hopeless:
                return
            found.add(row, self._submission.check)
        yield True

    async def _accept_in_one_commit(self, found: CheckedFile, identity: FileIdentity, load: Workload) -> int:
        """Accepts a file of one step, and makes its messages in the same commit. Returns the batch."""
        rows = found.take_rows()
        now, rules = self._clock.now(), self._rules.current()

        def change(db: sqlite3.Connection) -> tuple[int, tuple[JudgedRow, ...], PromotionStep]:
            batch = batches.begin_staging(db, identity, now)
            staged = batches.stage_rows(db, batch, rows, rules, check_time, now)
            batches.accept_batch(db, batch, now)
            return batch, staged, batches.promote(db, batch, rules, now, len(rows) + 1)

        batch, staged, step = await self._store.write(change)
        _count(staged, found, load)
        self._on_promoted(step.highest_class, step.has_held)
        return batch

    def _make_stage_change(
        self, batch: int, rows: Sequence[FileRow]
    ) -> Callable[[sqlite3.Connection], tuple[JudgedRow, ...]]:
        return partial(
            batches.stage_rows,
            batch=batch,
            rows=rows,
            rules=self._rules.current(),
            judge=check_time,
            now=self._clock.now(),
        )

    async def run_step(self) -> bool:
        """Makes one small change. Returns True if there was something to do."""
        clears = not self._staging_lock.locked()  # rows that are being staged now look like abandoned ones
        now, rules = self._clock.now(), self._rules.current()

        def change(db: sqlite3.Connection) -> PromotionStep | bool:
            if clears and batches.discard_unaccepted(db, batches.ROWS_PER_STEP * 10):
                return True
            batch = batches.next_accepted(db)
            return batch is not None and batches.promote(db, batch, rules, now, batches.ROWS_PER_STEP)

        with for_clients():  # a modem that waits for its claim does not wait for batches
            done = await self._store.write(change)
        if isinstance(done, PromotionStep):
            self._on_promoted(done.highest_class, done.has_held)
        return bool(done)

    async def _make_result(
        self, batch: int, found: CheckedFile, estimate: Estimate | None, *, is_repeat: bool = False
    ) -> BatchResult:
        view = await self._store.read(partial(_read_view, batch=batch))
        return BatchResult(
            view.batch, view.messages, view.refusals, tuple(found.list_warnings()), found.left_out, is_repeat, estimate
        )

    async def describe(self, id: int) -> BatchView:
        """Returns a batch, with how many of its messages are in each state. Raises Refused (`not_found`)."""
        return await self._store.read(partial(_read_view, batch=id))

    async def list_batches(self, *, key: str | None, before: int | None, limit: int) -> PagedList[BatchRow]:
        """Returns batches, newest first; `key`: only the one with this key; `before`: only with smaller ids; `limit` 0 means
        all."""

        async def read(last: BatchRow | None, rows: int) -> list[BatchRow]:
            end = last.id if last is not None else before
            return await self._store.read(partial(batches.list_batches, key=key, before=end, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(batches.count_batches, key=key, before=before))

        return await read_paged_list(read, count, limit=limit)


def list_lacks(rows: Iterable[JudgedRow]) -> tuple[str, ...]:
    """Returns a warning for each setting that some rows should have."""
    return tuple(map(str, dict.fromkeys(lack for row in rows for lack in row.lacks)))


def _count(rows: Sequence[JudgedRow], found: CheckedFile, load: Workload) -> None:
    """Counts rows that will be sent, and adds the warnings about their notices to the file."""
    load.add(row.final for row in rows)
    found.warn_of_file(list_lacks(rows))


def _read_view(db: sqlite3.Connection, batch: int) -> BatchView:
    found = batches.read_batch(db, batch)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no batch {batch}")
    return BatchView(found, batches.count_states(db, batch), tuple(batches.list_refused(db, batch, MAX_LISTED)))
