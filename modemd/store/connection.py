"""Connections to the database: the writing one with its settings, and readers on threads of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from modemd.store.keyed_hashes.keys import LedgerKeys, read_keys

T = TypeVar("T")

# The write-ahead log is moved into the database when it is so long, in octets.
CHECKPOINT_OCTETS = 4 * 1024 * 1024
# Octets of disk that the write-ahead log keeps after it was moved into the database.
MAX_LOG_OCTETS = 8 * 1024 * 1024
# How long a change waits, in milliseconds, while another program holds the database.
BUSY_MS = 5000
OPENING_TRIES = 3
# KiB of pages that a reader keeps: SQLite's own number, and one for lists, which read most pages only once.
USUAL_CACHE_KIB, SMALL_CACHE_KIB = 2000, 512


class Reader(Protocol):
    """Reader: runs queries on a connection that cannot write."""

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a query, and returns its result."""

    async def close(self) -> None:
        """Waits for the queries that run, and closes the connection."""


class ThreadReader:
    """Reader with a thread and a read-only connection of its own, to the database at `uri`, with the keys of its ledger.
    `cache_kib`: the most pages that it keeps in memory, in KiB."""

    def __init__(self, uri: str, keys: LedgerKeys, cache_kib: int = USUAL_CACHE_KIB) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        self._uri = uri
        self._keys = keys
        self._cache_kib = cache_kib
        self._connection: sqlite3.Connection | None = None

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, query)

    def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = sqlite3.connect(self._uri, uri=True)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute(f"PRAGMA cache_size = {-self._cache_kib:d}")
            self._keys.register(self._connection)
        return query(self._connection)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        if self._connection is not None:
            await loop.run_in_executor(self._pool, self._connection.close)
        self._pool.shutdown()


class Visit:
    """Visit to the database at `path`, from now on: tells if its file was changed meanwhile. OSError if it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = self._look()

    def has_changed(self) -> bool:
        """Returns whether somebody wrote to the file since the visit began. What was read may then be half old, half new."""
        try:
            return self._look() != self._seen
        except OSError:
            return True

    def _look(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns


def reader_uri(path: Path) -> str:
    """Returns the URI of a connection that reads, in the process that writes to the database at `path`."""
    return f"{path.absolute().as_uri()}?mode=ro"


def visitor_uri(path: Path) -> str:
    """Returns the URI of a connection that reads the database at `path`, whoever writes to it, and makes and changes no file.

    A read-only connection of SQLite needs the log's index (-shm), and makes or repairs it if it may write. So the index is only
    read if it is there; and if there is no log, SQLite is told that the file does not change (`immutable`): its owner may have
    made it read-only, and the folder too. A daemon that starts meanwhile writes to the log first: a short command does not meet
    it, and `Visit` tells if a long one has. An empty log with an index is one that a writer has emptied. A log without an index
    is what a copied or damaged database has; then SQLite makes the index, or says that it may not.
    """
    wal, shm = (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))
    if not wal.exists() or (wal.stat().st_size == 0 and not shm.exists()):
        return f"{reader_uri(path)}&immutable=1"
    return f"{reader_uri(path)}&readonly_shm=1" if shm.exists() else reader_uri(path)


def connect(path: Path | str, keys: LedgerKeys | None = None) -> sqlite3.Connection:
    """Returns the connection that writes. It is in autocommit mode: `writer.CommitGroup` begins and ends transactions. `keys`:
    those of the consent ledger; None: those in the file beside the database."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    (keys if keys is not None else read_keys(Path(path))).register(connection)
    # A message's four commits touch some seventy pages, each of which goes to the log whole: with SQLite's own 4 KiB that was
    # 283 KiB a message, with 1 KiB it is 85. Flash cards wear by that. A database that is there already keeps its size.
    connection.execute("PRAGMA page_size = 1024")
    _use_log(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS:d}")
    # SQLite moves the log into the file at the commit that takes it past so many pages, 4 MiB, and then begins it anew. With
    # fewer, the pages that each message changes would be moved more often. If a long reader (a backup) lets it grow
    # longer, the disk is given back afterwards.
    page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_OCTETS // page_size:d}")
    connection.execute(f"PRAGMA journal_size_limit = {MAX_LOG_OCTETS:d}")
    # What was blanked or deleted is overwritten in the file: an erasure promises it. FAST would not do: it overwrites no page
    # that becomes free, and a long text has pages of its own, which stayed readable.
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _use_log(connection: sqlite3.Connection) -> None:
    """Switches to the write-ahead log. On a machine that is overloaded, readers may keep its index from the writer so long that
    SQLite gives up (SQLITE_PROTOCOL): it is tried again."""
    for tries_left in reversed(range(OPENING_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_PROTOCOL or not tries_left:
                raise
        else:
            return


def empty_log(connection: sqlite3.Connection) -> bool:
    """Moves the log into the database and cuts it to nothing. Returns False if a reader still needs it: the changes that come
    behind do not wait for that."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS:d}")
    return not is_busy
