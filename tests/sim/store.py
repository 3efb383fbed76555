"""The store in simulated time: the writer answers after a seeded delay and in seeded groups, so that "committed, but not yet
known" happens here too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from modemd.store import Store
from modemd.store.schema import migrate
from modemd.store.store import connect
from modemd.store.writer import Job, answer, run_group

T = TypeVar("T")
LONGEST_FSYNC_S = 0.02
LONGEST_READ_S = 0.002


class SeededWriter:
    """A writer without a thread. Groups are committed one behind the other, as a thread would."""

    def __init__(self, connection: sqlite3.Connection, chance: Random) -> None:
        self._connection = connection
        self._chance = chance
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Job] = []
        self._busy = False

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        job = Job(change, self._loop.create_future())
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            self._loop.call_later(self._chance.uniform(0, LONGEST_FSYNC_S), self._commit)
        return job.answer

    def _commit(self) -> None:
        size = self._chance.randint(1, len(self._waiting))
        group, self._waiting = self._waiting[:size], self._waiting[size:]
        run_group(self._connection, group)
        self._loop.call_later(self._chance.uniform(0, LONGEST_FSYNC_S), self._known, group)

    def _known(self, group: list[Job]) -> None:
        answer(group)
        self._busy = bool(self._waiting)
        if self._busy:
            self._loop.call_later(self._chance.uniform(0, LONGEST_FSYNC_S), self._commit)

    async def close(self) -> None:
        while self._busy:  # noqa: ASYNC110 - the end of a simulation, not worth an event
            await asyncio.sleep(LONGEST_FSYNC_S)


class SeededReader:
    """A reader that sees what is committed, a moment later."""

    def __init__(self, connection: sqlite3.Connection, chance: Random) -> None:
        self._connection = connection
        self._chance = chance

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        await asyncio.sleep(self._chance.uniform(0, LONGEST_READ_S))
        return query(self._connection)

    async def close(self) -> None:
        """Nothing is held."""


def fresh_database() -> sqlite3.Connection:
    """An empty database in memory, with modemd's tables."""
    connection = connect(":memory:")
    migrate(connection)
    return connection


def store_over(connection: sqlite3.Connection, chance: Random) -> Store:
    """A store over a database that may have been another store's before."""
    return Store(SeededWriter(connection, chance), SeededReader(connection, chance))


def rows(connection: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of a query, as plain dictionaries."""
    return [dict(row) for row in connection.execute(sql, values)]
