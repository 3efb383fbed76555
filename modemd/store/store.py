"""The database as the service sees it: write, read, and the consent epoch."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from modemd.errors import StoreDamaged, StoreError, StoreLocked, StoreUnavailable
from modemd.store import backup, damage, restoring
from modemd.store.schema import VERSION, migrate
from modemd.store.trouble import at_opening, in_the_folder, trouble
from modemd.store.writer import ThreadWriter, Writer

T = TypeVar("T")
# Up to where the write-ahead log grows before it is moved into the database.
LOG = 4 * 1024 * 1024
# What the write-ahead log keeps of the disk when it has been moved into the database.
LARGEST_LOG = 8 * 1024 * 1024


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

    `trouble` is why the database takes no changes now, as the last write or read that met it said; `troubled` is set with it.
    `try_again` finds out whether it has passed.
    """

    def __init__(self, writer: Writer, reader: Reader, lock: int | None = None, hot: Reader | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._hot = hot or reader
        self._lock = lock
        self.consent_epoch = 0
        self.trouble: StoreUnavailable | StoreDamaged | None = None
        self.troubled = asyncio.Event()

    @classmethod
    async def open(cls, path: Path) -> Store:
        """Open (or make) the database at `path` as its one writer. StoreLocked: another process is; StoreUnavailable: the disk is
        full, read-only or failing; StoreDamaged: a copy is kept; StoreError: why not."""
        lock = _lock(path)
        try:
            await asyncio.get_running_loop().run_in_executor(None, _prepare, path)
        except sqlite3.Error as error:
            os.close(lock)
            raise at_opening(error, path) from error
        except OSError as error:
            os.close(lock)
            raise in_the_folder(error, path) from error
        except StoreError:
            os.close(lock)
            raise
        return cls(ThreadWriter(lambda: connect(path)), ThreadReader(path), lock, hot=ThreadReader(path))

    def write(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Run `change` in the writer's transaction. It is submitted at once, whether or not it is awaited."""
        answer = self._writer.submit(change)
        answer.add_done_callback(self._look)
        return answer

    def write_with_next(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """`write` for what nobody waits for: in the commit of the next change, or a moment later alone. Changes run in the order
        of the calls all the same."""
        answer = self._writer.enclose(change)
        answer.add_done_callback(self._look)
        return answer

    def write_consent(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """`write` for a change that may store an opt-out."""
        self.consent_epoch += 1
        return self.write(change)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on what is committed."""
        return await self._read(self._reader, query)

    async def read_hot(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """`read` for what a modem waits for: it stands behind no long listing."""
        return await self._read(self._hot, query)

    async def _read(self, reader: Reader, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await reader.run(query)
        except sqlite3.Error as error:
            found = trouble(error)
            if found is None or found.code == "read_only":  # that a query may not write is a mistake of the query
                raise
            self._note(found)
            raise found from error

    async def try_again(self) -> bool:
        """Write a little. Whether the database takes changes now; `trouble` is then over, unless it is damage."""
        try:
            await self.write(_touch)
        except StoreError:
            return False
        if isinstance(self.trouble, StoreDamaged):
            return False
        self.trouble = None
        self.troubled.clear()
        return True

    def _look(self, answer: asyncio.Future[T]) -> None:
        """Note what a write has met, before its caller goes on."""
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, StoreUnavailable | StoreDamaged):
            self._note(error)

    def _note(self, error: StoreUnavailable | StoreDamaged) -> None:
        if not isinstance(self.trouble, StoreDamaged):
            self.trouble = error
            self.troubled.set()

    async def close(self) -> None:
        """Finish what was submitted, and let the database go.

        A damaged one is left as it is: a reader that closes last makes no checkpoint, and the log that stays tells the next
        opening to check every page.
        """
        parts: list[Reader | Writer] = [self._reader, self._writer]
        if self._hot is not self._reader:
            parts.insert(0, self._hot)
        for part in reversed(parts) if isinstance(self.trouble, StoreDamaged) else parts:
            await part.close()
        if self._lock is not None:
            os.close(self._lock)


def restore(source: Path, path: Path, now: datetime) -> restoring.Restored:
    """Put a backup in the place of the database at `path`, with everything open in it held. StoreLocked: a daemon uses it;
    StoreError: the backup will not do, and nothing was changed."""
    lock = _lock(path)
    try:
        return restoring.restore(source, path, now, VERSION, migrate)
    except sqlite3.Error as error:
        raise at_opening(error, path) from error
    except OSError as error:
        raise in_the_folder(error, path) from error
    finally:
        os.close(lock)


def connect(path: Path | str) -> sqlite3.Connection:
    """The connection that writes. Autocommit: transactions are said aloud, by `run_group`."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    # A message's four commits touch some seventy pages, each of which goes to the log whole: with SQLite's own 4 KiB that was
    # 283 KiB a message, with 1 KiB it is 85. Flash cards wear by that. A database that is there already keeps its size.
    connection.execute("PRAGMA page_size = 1024")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
    # SQLite moves the log into the file at the commit that takes it past so many pages, 4 MiB, and then begins it anew. With
    # fewer, the pages that each message changes would be moved more often. What a long reader (a backup) let it grow to beyond
    # that is given back afterwards.
    page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG // page_size:d}")
    connection.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG:d}")
    # A text that was blanked is overwritten where that costs no further page, and does not stay readable in the file.
    connection.execute("PRAGMA secure_delete = FAST")
    return connection


def _touch(db: sqlite3.Connection) -> None:
    """Change nothing, and have it written all the same."""
    db.execute(f"PRAGMA user_version = {VERSION:d}")


def _prepare(path: Path) -> None:
    damage.examine(path)
    connection = connect(path)
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise StoreError(
                f"{path}: written by a newer modemd (schema {found}, this one knows {VERSION}); upgrade modemd"
            )
        if found < VERSION:
            if found:
                backup.before_migration(path, found)
            migrate(connection)
    finally:
        connection.close()


def _lock(path: Path) -> int:
    """Take the lock file beside the database, which says who writes. Files are 0600, their directory 0700 if it is made."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(path.parent.parent)  # the folder itself must be there after a power cut; SQLite syncs what is in it
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        database = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(database).st_mode & 0o077:
            os.fchmod(database, 0o600)  # SQLite gives its -wal and -shm the same rights
        os.close(database)
    except OSError as error:
        raise in_the_folder(error, path) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreLocked(f"{path}: another modemd process writes to it") from error
    return lock


def _sync(folder: Path) -> None:
    """Make the entries of a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
