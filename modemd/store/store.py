"""The database as the service sees it: write, read, and the consent epoch."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from modemd.errors import StoreError, StoreLocked
from modemd.store.schema import VERSION, migrate
from modemd.store.writer import ThreadWriter, Writer

T = TypeVar("T")


class Reader(Protocol):
    """Runs queries on a connection that cannot write."""

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T: ...

    async def close(self) -> None: ...


class ThreadReader:
    """One thread, one read-only connection."""

    def __init__(self, path: Path) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, query)

    def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            self._connection.row_factory = sqlite3.Row
        return query(self._connection)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        if self._connection is not None:
            await loop.run_in_executor(self._pool, self._connection.close)
        self._pool.shutdown()


class Store:
    """One database. `write` answers after the commit; changes run in the order of the calls.

    `consent_epoch` moves on the loop, before a change of consent is handed to the writer: whoever noted it at a claim and
    finds it unmoved at the first octet of a PDU knows that no opt-out was stored in between.
    """

    def __init__(self, writer: Writer, reader: Reader, lock: int | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self.consent_epoch = 0

    @classmethod
    async def open(cls, path: Path) -> Store:
        """Open (or make) the database at `path` as its one writer. StoreLocked: another process is; StoreError: why not."""
        lock = _lock(path)
        try:
            await asyncio.get_running_loop().run_in_executor(None, _prepare, path)
        except sqlite3.Error as error:
            os.close(lock)
            raise StoreError(f"{path}: {error}; restore a backup, or move the file away to start anew") from error
        except StoreError:
            os.close(lock)
            raise
        return cls(ThreadWriter(lambda: connect(path)), ThreadReader(path), lock)

    def write(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run `change` in the writer's transaction. It is submitted at once, whether or not it is awaited."""
        return self._writer.submit(change)

    def write_consent(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """`write` for a change that may store an opt-out."""
        self.consent_epoch += 1
        return self._writer.submit(change)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on what is committed."""
        return await self._reader.run(query)

    async def close(self) -> None:
        """Finish what was submitted, and let the database go."""
        await self._reader.close()
        await self._writer.close()
        if self._lock is not None:
            os.close(self._lock)


def connect(path: Path | str) -> sqlite3.Connection:
    """The connection that writes. Autocommit: transactions are said aloud, by `run_group`."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _prepare(path: Path) -> None:
    connection = connect(path)
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise StoreError(
                f"{path}: written by a newer modemd (schema {found}, this one knows {VERSION}); upgrade modemd"
            )
        if found < VERSION:
            migrate(connection)
    finally:
        connection.close()


def _lock(path: Path) -> int:
    """Take the lock file beside the database, which says who writes. Files are 0600, their directory 0700 if it is made."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        database = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(database).st_mode & 0o077:
            os.fchmod(database, 0o600)  # SQLite gives its -wal and -shm the same rights
        os.close(database)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; check the path and who may write there") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreLocked(f"{path}: another modemd process writes to it") from error
    return lock
