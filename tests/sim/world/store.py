"""The store in simulated time: the writer answers after a seeded delay and in seeded groups, so that "committed, but not yet
known" happens here too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, TypeVar

from modemd.store import Store
from modemd.store.connection import connect
from modemd.store.keyed_hashes.keys import SALT_OCTETS, LedgerKeys
from modemd.store.schema import migrate
from modemd.store.writer import LAZY_COMMIT_S, QueuedChange, deliver_results, run_group

T = TypeVar("T")
LONGEST_FSYNC_S = 0.02
LONGEST_READ_S = 0.002


class SeededWriter:
    """A writer without a thread. Groups are committed one behind the other, and told of later, as by a thread.

    `dead`: its process has ended; nothing is committed or answered any more. `before_commit` and `after_commit` are called
    at those moments; that is where a process can be made to end.
    """

    def __init__(
        self, connection: sqlite3.Connection, chance: Random, longest_fsync_s: float = LONGEST_FSYNC_S
    ) -> None:
        self._connection = connection
        self._chance = chance
        self._longest_fsync_s = longest_fsync_s
        self._loop = asyncio.get_running_loop()
        self._patience: asyncio.TimerHandle | None = None
        self._waiting: list[QueuedChange] = []
        self._busy = False
        self._told_at = 0.0
        self._untold = 0
        self.dead = False
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        job = QueuedChange(change, self._loop.create_future())
        if self.dead:
            job.answer.cancel()
            return job.answer
        self._waiting.append(job)
        if not self._busy:
            self._begin(self._chance.uniform(0, self._longest_fsync_s))
        return job.answer

    def submit_lazily(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        job = QueuedChange(change, self._loop.create_future())
        if self.dead:
            job.answer.cancel()
            return job.answer
        self._waiting.append(job)
        if not self._busy and self._patience is None:
            self._patience = self._loop.call_later(LAZY_COMMIT_S, self._begin, 0.0)
        return job.answer

    def submit_outside(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        job = QueuedChange(change, self._loop.create_future())
        if self.dead:
            job.answer.cancel()
        else:
            job.answer.set_result(change(self._connection))  # no group is under way between two steps of the loop
        return job.answer

    def _begin(self, fsync_s: float) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._busy = True
        self._loop.call_later(fsync_s, self._commit)

    def _commit(self) -> None:
        self.before_commit()
        if self.dead:
            return
        size = self._chance.randint(1, len(self._waiting))
        group, self._waiting = self._waiting[:size], self._waiting[size:]
        run_group(self._connection, group)
        self.after_commit()
        # The loop hears of it later, in order; the next group does not wait for that.
        self._told_at = max(self._told_at, self._loop.time() + self._chance.uniform(0, self._longest_fsync_s))
        self._untold += 1
        self._loop.call_at(self._told_at, self._known, group)
        self._busy = bool(self._waiting)
        if self._busy:
            self._loop.call_later(self._chance.uniform(0, self._longest_fsync_s), self._commit)

    def _known(self, group: list[QueuedChange]) -> None:
        self._untold -= 1
        if not self.dead:
            deliver_results(group)

    async def close(self) -> None:
        if self._patience is not None:
            self._begin(0.0)
        while self._busy or self._untold:  # noqa: ASYNC110 - the end of a simulation, not worth an event
            await asyncio.sleep(self._longest_fsync_s)


class SeededReader:
    """A reader that sees what is committed, a moment later. Like the thread it stands for it answers in the order of asking."""

    def __init__(self, connection: sqlite3.Connection, chance: Random) -> None:
        self._connection = connection
        self._chance = chance
        self._free_at = 0.0
        self.dead = False

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + self._chance.uniform(0, LONGEST_READ_S)
        await asyncio.sleep(self._free_at - now)
        if self.dead:
            raise asyncio.CancelledError
        return query(self._connection)

    async def close(self) -> None:
        """Nothing is held."""


def fresh_database() -> sqlite3.Connection:
    """An empty database in memory, with modemd's tables, a key, and salts that are the same in each run."""
    connection = connect(
        ":memory:", LedgerKeys((bytes(range(32)),), draw_salt=partial(Random(1).randbytes, SALT_OCTETS))
    )
    migrate(connection)
    return connection


def store_over(connection: sqlite3.Connection, chance: Random) -> Store:
    """A store over a database that may have been another store's before."""
    return Store(SeededWriter(connection, chance), SeededReader(connection, chance))


def rows(connection: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of a query, as plain dictionaries."""
    return [dict(row) for row in connection.execute(sql, values)]
