"""The one thread that writes. Changes that wait together share one commit and one fsync; each runs in a savepoint of its own."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from modemd.errors import StoreError
from modemd.store.trouble import trouble

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
# Bounds how long the first of a group waits for its answer, and what one failed commit takes down.
MAX_GROUP = 256
# How long a change waits for another one, to share its commit.
PATIENCE_S = 0.05


@dataclass(slots=True)
class Job:
    """A change, the future that its caller awaits, and after the run its result or error."""

    change: Change
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Writer(Protocol):
    """Runs changes in order of submission. The answer comes after the commit that holds the change."""

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]: ...

    def enclose(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """`submit`, together with the next change that is submitted, or alone after `PATIENCE_S`."""

    async def close(self) -> None: ...


class Enclosures:
    """Changes that wait on the loop for one that is submitted. `submit` takes them where none comes in time."""

    def __init__(self, submit: Callable[[list[Job]], None]) -> None:
        self._submit = submit
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Job] = []
        self._patience: asyncio.TimerHandle | None = None

    def add(self, job: Job) -> None:
        """Let a change wait."""
        self._waiting.append(job)
        if self._patience is None:
            self._patience = self._loop.call_later(PATIENCE_S, self._alone)

    def take(self) -> list[Job]:
        """What waits, for the change that goes now."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        waiting, self._waiting = self._waiting, []
        return waiting

    def _alone(self) -> None:
        self._submit(self.take())


def run_group(connection: sqlite3.Connection, group: Sequence[Job]) -> None:
    """Run the changes of `group` in one transaction, and note in each job what came of it.

    A change that raises is rolled back alone. A commit that fails fails all of them: none was kept.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in group:
            connection.execute("SAVEPOINT change")
            try:
                job.result = job.change(connection)
            except Exception as error:
                if not connection.in_transaction:
                    raise  # a full or failing disk made SQLite give up the transaction, with what the others changed
                connection.execute("ROLLBACK TO change")
                job.error = error
            connection.execute("RELEASE change")
        connection.execute("COMMIT")
    except Exception as error:
        fail(group, error)
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def fail(group: Sequence[Job], error: Exception) -> None:
    """Note in each job that nothing of it was kept."""
    for job in group:
        job.error = trouble(error) or StoreError(
            f"the database did not take a change ({error}); check disk space and permissions"
        )


def answer(group: Sequence[Job]) -> None:
    """Hand each caller its result or error. Runs on the loop."""
    for job in group:
        if job.answer.done():  # cancelled meanwhile: the change stands all the same
            continue
        if job.error is None:
            job.answer.set_result(job.result)
        elif isinstance(job.error, sqlite3.Error):
            job.answer.set_exception(trouble(job.error) or StoreError(f"the database refused a change: {job.error}"))
        else:
            job.answer.set_exception(job.error)


class ThreadWriter:
    """The writer of the running daemon: a thread of its own, so that no fsync ever runs on the loop."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._jobs: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._enclosed = Enclosures(self._jobs.put)
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer")
        self._thread.start()

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if self._closed:
            raise StoreError("the database is closed")
        job = Job(change, self._loop.create_future())
        self._jobs.put([*self._enclosed.take(), job])
        return job.answer

    def enclose(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if self._closed:
            raise StoreError("the database is closed")
        job = Job(change, self._loop.create_future())
        self._enclosed.add(job)
        return job.answer

    async def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        self._closed = True
        self._jobs.put(self._enclosed.take())
        self._jobs.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        ended = False
        while not ended:
            group, ended = self._gather()
            if group:
                connection = self._keep(connection, group)
                self._loop.call_soon_threadsafe(answer, group)
        if connection is not None:
            connection.close()

    def _gather(self) -> tuple[list[Job], bool]:
        """Wait for a change; it, with what else waits; and whether the end was told behind them."""
        group: list[Job] = []
        jobs = self._jobs.get()
        while jobs is not None:
            group += jobs
            if len(group) >= MAX_GROUP or self._jobs.empty():
                return group, False
            jobs = self._jobs.get()
        return group, True

    def _keep(self, connection: sqlite3.Connection | None, group: Sequence[Job]) -> sqlite3.Connection | None:
        """Run a group. The connection for the next one; None where that must be made anew: it could not be opened, or not even
        the way back worked, and a new one knows no half-done group."""
        try:
            if connection is None:
                connection = self._connect()
            run_group(connection, group)
        except Exception as error:
            fail(group, error)
            if connection is not None:
                connection.close()
            return None
        return connection
