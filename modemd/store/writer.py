"""Writer thread: runs all changes. Those that wait together share one commit and one fsync; each has a savepoint of its own."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from modemd.errors import StoreError
from modemd.store.sqlite_errors import classify_error

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
# Bounds how long the first of a group waits for its answer, and what one failed commit takes down.
MAX_GROUP_CHANGES = 256
# A group runs changes as long as a commit takes, and no longer: with dozens of modems, those that wait for one large group would
# go on together, and come back together. On a quick disk it runs so long at least.
MIN_GROUP_S = 0.001
# How long a change that nobody waits for is left without its commit, which the next change shares.
LAZY_COMMIT_S = 0.05


@dataclass(slots=True)
class QueuedChange:
    """Change, with the future that its caller awaits, and after the run its result or error. `is_lazy`: it is committed with the
    next change. `is_outside`: it runs between two commits, in no transaction."""

    change: Change
    answer: asyncio.Future[Any]
    is_lazy: bool = False
    is_outside: bool = False
    result: Any = None
    error: BaseException | None = None


class Writer(Protocol):
    """Writer: runs changes in order of submission. The answer comes after the commit that holds the change."""

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Submits a change at once, and returns the future of its result."""

    def submit_lazily(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Runs a change in the commit of the next change that is submitted, or in one of its own after `LAZY_COMMIT_S`."""

    def submit_outside(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Runs what SQLite does in no transaction: after the commit of what was submitted before."""

    async def close(self) -> None:
        """Finishes what was submitted, and ends."""


class RefusingWriter:
    """Writer of a database that was opened to read: it refuses every change."""

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        answer.set_exception(StoreError("the database was opened to read, and takes no change"))
        return answer

    def submit_lazily(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        return self.submit(change)

    def submit_outside(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        return self.submit(change)

    async def close(self) -> None:
        pass


class CommitGroup:
    """Group of changes that share one transaction.

    A change that raises is rolled back alone. A commit that fails, fails all of them: none is stored.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._failure: Exception | None = None
        self.changes: list[QueuedChange] = []
        self.is_lazy = True  # nobody waits for its commit

    def run(self, job: QueuedChange) -> None:
        """Runs a change behind the others. A group that has failed runs none."""
        begins = not self.changes
        self.changes.append(job)
        self.is_lazy &= job.is_lazy
        if self._failure is None:
            try:
                if begins:
                    self._connection.execute("BEGIN IMMEDIATE")
                self._run_change(job)
            except Exception as error:
                self._failure = error

    def _run_change(self, job: QueuedChange) -> None:
        self._connection.execute("SAVEPOINT change")
        try:
            job.result = job.change(self._connection)
        except Exception as error:
            if not self._connection.in_transaction:
                raise  # a full or failing disk made SQLite give up the transaction, with what the others changed
            self._connection.execute("ROLLBACK TO change")
            job.error = error
        self._connection.execute("RELEASE change")

    def commit(self) -> None:
        """Commits all changes, or notes in each that nothing of it is stored."""
        if self._failure is None:
            try:
                self._connection.execute("COMMIT")
            except Exception as error:
                self._failure = error
        if self._failure is not None:
            fail_changes(self.changes, self._failure)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def run_group(connection: sqlite3.Connection, jobs: Sequence[QueuedChange]) -> None:
    """Runs changes in one transaction, and stores in each its result or error."""
    group = CommitGroup(connection)
    for job in jobs:
        group.run(job)
    group.commit()


def fail_changes(group: Sequence[QueuedChange], error: Exception) -> None:
    """Notes in each change that nothing of it is stored."""
    for job in group:
        job.error = classify_error(error) or StoreError(
            f"the database did not take a change ({error}); check disk space and permissions"
        )


def deliver_results(group: Sequence[QueuedChange]) -> None:
    """Hands each caller its result or error. Runs on the loop."""
    for job in group:
        if job.answer.done():  # cancelled meanwhile: the change is stored all the same
            continue
        if job.error is None:
            job.answer.set_result(job.result)
        elif isinstance(job.error, sqlite3.Error):
            job.answer.set_exception(
                classify_error(job.error) or StoreError(f"the database refused a change: {job.error}")
            )
        else:
            job.answer.set_exception(job.error)


class ThreadWriter:
    """Writer of the running daemon, on a thread of its own, so that no fsync runs on the loop."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._pending: queue.SimpleQueue[QueuedChange | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._ended = False
        self._postponed: QueuedChange | None = None  # it could not join the last group
        self._commit_s = 0.0  # how long the last one took
        self._thread = threading.Thread(target=self._run, name="store-writer")
        self._thread.start()

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        return self._enqueue(change, is_lazy=False)

    def submit_lazily(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        return self._enqueue(change, is_lazy=True)

    def submit_outside(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        return self._enqueue(change, is_lazy=False, is_outside=True)

    def _enqueue(
        self, change: Callable[[sqlite3.Connection], T], *, is_lazy: bool, is_outside: bool = False
    ) -> asyncio.Future[T]:
        if self._closed:
            raise StoreError("the database is closed")
        job = QueuedChange(change, self._loop.create_future(), is_lazy, is_outside)
        self._pending.put(job)
        return job.answer

    async def close(self) -> None:
        """Finishes what was submitted, then ends the thread."""
        self._closed = True
        self._pending.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while not self._ended:
            first = self._postponed or self._pending.get()
            self._postponed = None
            if first is None:
                break
            connection, jobs = self._commit_group(connection, first)
            self._loop.call_soon_threadsafe(deliver_results, jobs)
        if connection is not None:
            connection.close()

    def _commit_group(
        self, connection: sqlite3.Connection | None, first: QueuedChange
    ) -> tuple[sqlite3.Connection | None, list[QueuedChange]]:
        """Runs a change, and those that come while there is time for them, as one group. Returns the connection for the next
        group; None if that must be made anew: it could not be opened, or not even the rollback worked, and a new one knows no
        half-done group."""
        jobs = [first]
        try:
            if connection is None:
                connection = self._connect()
            if first.is_outside:
                first.result = first.change(connection)
                return connection, jobs
            group = CommitGroup(connection)
            jobs = group.changes
            self._collect_and_commit(group, first)
        except Exception as error:
            fail_changes(jobs, error)
            if connection is not None:
                connection.close()
            return None, jobs
        return connection, jobs

    def _collect_and_commit(self, group: CommitGroup, first: QueuedChange) -> None:
        """Runs a change and those that join it, then commits."""
        began = self._loop.time()
        worked_s = 0.0
        job: QueuedChange | None = first
        while job is not None:
            started = self._loop.time()
            group.run(job)
            worked_s += self._loop.time() - started
            full = len(group.changes) >= MAX_GROUP_CHANGES or worked_s >= max(self._commit_s, MIN_GROUP_S)
            job = None if full else self._next_change(group, began + LAZY_COMMIT_S)
        started = self._loop.time()
        group.commit()
        self._commit_s = self._loop.time() - started

    def _next_change(self, group: CommitGroup, deadline: float) -> QueuedChange | None:
        """Returns a change that waits already, or, if the whole group is lazy, one that comes until the deadline. None: commit
        now."""
        wait_s = max(deadline - self._loop.time(), 0) if group.is_lazy else 0
        try:
            job = self._pending.get(block=wait_s > 0, timeout=wait_s)
        except queue.Empty:
            return None
        if job is not None and job.is_outside:
            self._postponed = job
            return None
        self._ended = job is None
        return job
