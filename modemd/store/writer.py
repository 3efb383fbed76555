"""The one thread that writes. Changes that wait together share one commit and one fsync; each runs in a savepoint of its own."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from modemd.errors import ModemdError, StoreError

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
# Bounds how long the first of a group waits for its answer, and what one failed commit takes down.
MAX_GROUP = 256


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

    async def close(self) -> None: ...


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
                connection.execute("ROLLBACK TO change")
                job.error = error
            connection.execute("RELEASE change")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        for job in group:
            job.error = StoreError(f"the database did not take a change ({error}); check disk space and permissions")
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def answer(group: Sequence[Job]) -> None:
    """Hand each caller its result or error. Runs on the loop."""
    for job in group:
        if job.answer.done():  # cancelled meanwhile: the change stands all the same
            continue
        if job.error is None:
            job.answer.set_result(job.result)
        elif isinstance(job.error, sqlite3.Error) and not isinstance(job.error, ModemdError):
            job.answer.set_exception(StoreError(f"the database refused a change: {job.error}"))
        else:
            job.answer.set_exception(job.error)


class ThreadWriter:
    """The writer of the running daemon: a thread of its own, so that no fsync ever runs on the loop."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer")
        self._thread.start()

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if self._closed:
            raise StoreError("the database is closed")
        job = Job(change, self._loop.create_future())
        self._jobs.put(job)
        return job.answer

    async def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        self._closed = True
        self._jobs.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        try:
            self._serve()
        except sqlite3.Error as error:
            self._refuse(StoreError(f"the database cannot be opened ({error}); check the path and permissions"))

    def _serve(self) -> None:
        connection = self._connect()
        try:
            while True:
                job = self._jobs.get()
                group = []
                while job is not None:
                    group.append(job)
                    if len(group) == MAX_GROUP or self._jobs.empty():
                        break
                    job = self._jobs.get()
                if group:
                    try:
                        run_group(connection, group)
                    except sqlite3.Error:  # not even the way back worked: a new connection knows no half-done group
                        connection.close()
                        connection = self._connect()
                    finally:
                        self._loop.call_soon_threadsafe(answer, group)
                if job is None:
                    return
        finally:
            connection.close()

    def _refuse(self, error: StoreError) -> None:
        """Answer every change with `error`, until the end."""
        while (job := self._jobs.get()) is not None:
            job.error = error
            self._loop.call_soon_threadsafe(answer, [job])
