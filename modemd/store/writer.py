"""Writer thread: runs all changes. Those that wait together share one commit and one fsync; each has a savepoint of its own.

Changes for clients are behind all others: a modem that waits for its claim, or a text that came in, does not wait for what a
crowd of clients has submitted. Within the two kinds, the order is that of submission.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from modemd.client_work import WAITING_CHANGES, is_for_client
from modemd.errors import StoreError
from modemd.light_dataclass import dataclass
from modemd.store.sqlite_errors import classify_error

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
# Bounds how long the first of a group waits for its answer, and what one failed commit takes down.
MAX_GROUP_CHANGES = 256
# A group runs changes as long as a commit takes, and no longer: with dozens of modems, those that wait for one large group would
# go on together, and come back together. On a quick disk it runs so long at least.
MIN_GROUP_S = 0.001
# What a burst of clients has submitted is not parted: answers to some of them would compete with the rest for the interpreter.
CLIENTS_GROUP_S = 0.003
# What a burst of clients submits is handed to the thread together: it shares a commit, and loop and thread do not compete
# for the interpreter, which takes a quarter of the time on a machine with two cores. The first of it waits so long at most.
GATHERING_S = 0.004
# How long a change that nobody waits for is left without its commit, which the next change shares.
LAZY_COMMIT_S = 0.05


@dataclass(slots=True)
class QueuedChange:
    """Change, with the future that its caller awaits, and after the run its result or error. `is_lazy`: it is committed with the
    next change. `is_outside`: it runs between two commits, in no transaction. `is_for_client`: it is behind those that are not
    for clients; `is_counted`: it is one of `WAITING_CHANGES`, until the thread commits it."""

    change: Change
    answer: asyncio.Future[Any]
    is_lazy: bool = False
    is_outside: bool = False
    is_for_client: bool = False
    is_counted: bool = False
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
        self.is_for_clients = True  # only clients do

    def run(self, job: QueuedChange) -> None:
        """Runs a change behind the others. A group that has failed runs none."""
        begins = not self.changes
        self.changes.append(job)
        self.is_lazy &= job.is_lazy
        self.is_for_clients &= job.is_for_client or job.is_lazy
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


class PendingChanges:
    """Queue to a writer's thread. `put` is for the loop, `take` for the thread. None is the end."""

    def __init__(self) -> None:
        self._submitted: queue.SimpleQueue[QueuedChange | None] = queue.SimpleQueue()
        self._ours: deque[QueuedChange] = deque()
        self._for_clients: deque[QueuedChange] = deque()
        self._behind_all: list[QueuedChange | None] = []  # at most one: nothing is fetched behind it

    def put(self, job: QueuedChange | None) -> None:
        """Submits a change."""
        self._submitted.put(job)

    def take(self, wait_s: float | None, *, also_for_clients: bool = True) -> QueuedChange | None:
        """Returns the change that is next. `wait_s`: how long it waits for one, None: without an end; `also_for_clients` False:
        only one that is not for a client, and is here already. Raises queue.Empty."""
        while not self._behind_all:
            try:
                job = self._submitted.get_nowait()
            except queue.Empty:
                break
            self._sort(job)
        if self._ours:
            return self._ours.popleft()
        if not also_for_clients:
            raise queue.Empty
        if self._for_clients:
            return self._for_clients.popleft()
        if self._behind_all:
            return self._behind_all.pop()
        if wait_s == 0:
            raise queue.Empty
        return self._submitted.get(timeout=wait_s)

    def _sort(self, job: QueuedChange | None) -> None:
        if job is None or job.is_outside:
            self._behind_all.append(job)
        else:
            (self._for_clients if job.is_for_client else self._ours).append(job)


class ThreadWriter:
    """Writer of the running daemon, on a thread of its own, so that no fsync runs on the loop."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._pending = PendingChanges()
        self._gathered: list[QueuedChange] = []  # for clients, and not handed over yet
        self._is_gathering = False  # it hands them over as soon as no more come
        self._late: asyncio.TimerHandle | None = None  # it hands over those that nobody waits for
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
        job = QueuedChange(change, self._loop.create_future(), is_lazy, is_outside, is_for_client())
        if is_outside:
            self._hand_over()  # what was submitted before
        if job.is_for_client and not is_outside:
            self._gathered.append(job)
            if not is_lazy and not self._is_gathering:
                self._is_gathering = True
                self._loop.call_soon(self._gather, 0, self._loop.time() + GATHERING_S)
            elif is_lazy and self._late is None:
                self._late = self._loop.call_later(LAZY_COMMIT_S, self._hand_over)
            return job.answer
        if not (is_lazy or job.is_for_client):
            WAITING_CHANGES.begin()
            job.answer.add_done_callback(lambda _: WAITING_CHANGES.end())
        self._pending.put(job)
        return job.answer

    def _gather(self, before: int, deadline: float) -> None:
        """Hands over as soon as a turn of the loop has submitted nothing more. `before`: how many there were a turn ago."""
        count = len(self._gathered)
        if before < count and self._loop.time() < deadline:
            self._loop.call_soon(self._gather, count, deadline)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        self._is_gathering = False
        if self._late is not None:
            self._late.cancel()
            self._late = None
        for job in self._gathered:
            job.is_counted = not job.is_lazy
            if job.is_counted:
                WAITING_CHANGES.begin()
            self._pending.put(job)
        self._gathered.clear()

    async def close(self) -> None:
        """Finishes what was submitted, then ends the thread."""
        self._closed = True
        self._hand_over()
        self._pending.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while not self._ended:
            first = self._postponed or self._pending.take(None)
            self._postponed = None
            if first is None:
                break
            connection, jobs = self._commit_group(connection, first)
            self._end_waiting(jobs)
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
            least_s = CLIENTS_GROUP_S if group.is_for_clients else MIN_GROUP_S
            full = len(group.changes) >= MAX_GROUP_CHANGES or worked_s >= max(self._commit_s, least_s)
            job = None if full else self._next_change(group, began + LAZY_COMMIT_S)
        self._end_waiting(group.changes)  # a commit leaves the interpreter to the loop
        started = self._loop.time()
        group.commit()
        self._commit_s = self._loop.time() - started

    def _end_waiting(self, jobs: Sequence[QueuedChange]) -> None:
        counted = [job for job in jobs if job.is_counted]
        for job in counted:
            job.is_counted = False
        if counted:
            self._loop.call_soon_threadsafe(WAITING_CHANGES.end, len(counted))

    def _next_change(self, group: CommitGroup, deadline: float) -> QueuedChange | None:
        """Returns a change that waits already, or, if the whole group is lazy, one that comes until the deadline. None: commit
        now."""
        wait_s = max(deadline - self._loop.time(), 0) if group.is_lazy else 0
        try:
            # A change for a client may be long: what somebody else waits for is committed before.
            job = self._pending.take(wait_s, also_for_clients=group.is_lazy or group.is_for_clients)
        except queue.Empty:
            return None
        if job is not None and job.is_outside:
            self._postponed = job
            return None
        self._ended = job is None
        return job
