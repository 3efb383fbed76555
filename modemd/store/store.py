"""Store as the service uses it: write, read, the consent epoch, and the trouble of the database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from modemd.errors import ErrorCode, StoreDamaged, StoreError, StoreUnavailable
from modemd.store.connection import (
    SMALL_CACHE_KIB,
    Reader,
    T,
    ThreadReader,
    Visit,
    connect,
    empty_log,
    reader_uri,
    visitor_uri,
)
from modemd.store.files.keys import ensure_key
from modemd.store.files.opening import check_readable, lock, prepare
from modemd.store.files.presence import make, require_database
from modemd.store.keyed_hashes.keys import read_keys
from modemd.store.keyed_hashes.suppression import find_lost_keys
from modemd.store.schema import VERSION
from modemd.store.sqlite_errors import (
    classify_error,
    explain_open_error,
    explain_os_error,
    explain_read_error,
    explain_visit_error,
)
from modemd.store.writer import RefusingWriter, ThreadWriter, Writer


class Store:
    """Database that is open. `write` answers after the commit; changes run in the order of the calls.

    `consent_epoch` counts up on the loop, before a change of consent is handed to the writer. If it is at the first octet of a
    PDU what it was at the claim, no opt-out was stored in between.

    `failure` is why the database takes no changes now, from the last write or read that met it; the event `failed` is set with
    it. `retry_write` finds out if it has passed.

    `key_problem` is why the consent ledger has no key, or which keys of erased numbers are lost; None if neither is so. Nothing
    waits for a key.
    """

    def __init__(self, writer: Writer, reader: Reader, lock: int | None = None, hot: Reader | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._hot_reader = hot or reader
        self._lock = lock
        self._visit: Visit | None = None
        self.is_new = False
        self.key_problem: str | None = None
        self.consent_epoch = 0
        self.failure: StoreUnavailable | StoreDamaged | None = None
        self.failed = asyncio.Event()
        self.changes = 0
        """The number of writes that have ended: it is another after each change."""
        self._listeners: set[asyncio.Event] = set()

    @classmethod
    async def open(cls, path: Path, socket: Path | None = None) -> Store:
        """Opens the database at `path` as its one writer, after it was made if there is none (`is_new`). `socket`: where this
        process will listen, for those who wait for the lock. Raises NoDatabase if the folder is not there, else as
        `open_existing`."""
        is_new = make(path)
        store = await cls._open_to_write(path, socket)
        store.is_new = is_new
        return store

    @classmethod
    async def open_existing(cls, path: Path) -> Store:
        """Opens the database at `path` as its one writer. Raises NoDatabase; StoreLocked if another process is its writer;
        StoreUnavailable if the disk is full, read-only or failing; StoreDamaged, after a copy was made; StoreError for any other
        reason."""
        require_database(path)
        return await cls._open_to_write(path, None)

    @classmethod
    async def open_to_read(cls, path: Path) -> Store:
        """Opens the database at `path` to read, also while another process writes to it. Every change is refused. Makes and
        changes no file. Raises NoDatabase; StoreUnavailable if it changed meanwhile (also from `read`); StoreError if it cannot
        be read, or its schema is not that of this program."""
        require_database(path)
        visit = None
        try:
            visit = Visit(path)
            uri = visitor_uri(path)
            await asyncio.get_running_loop().run_in_executor(None, check_readable, path, uri)
        except sqlite3.Error as error:
            raise _explain_by_change(error, visit) or explain_read_error(error, path) from error
        except OSError as error:
            raise explain_os_error(error, path) from error
        keys = read_keys(path)
        store = cls(RefusingWriter(), ThreadReader(uri, keys))
        store._visit, store.key_problem = visit, keys.problem
        return store

    @classmethod
    async def _open_to_write(cls, path: Path, socket: Path | None) -> Store:
        held = lock(path, socket)
        try:
            await asyncio.get_running_loop().run_in_executor(None, prepare, path)
            keys = ensure_key(path)
        except sqlite3.Error as error:
            os.close(held)
            raise explain_open_error(error, path) from error
        except OSError as error:
            os.close(held)
            raise explain_os_error(error, path) from error
        except StoreError:
            os.close(held)
            raise
        store = cls(
            ThreadWriter(lambda: connect(path, keys)),
            ThreadReader(reader_uri(path), keys, SMALL_CACHE_KIB),
            held,
            hot=ThreadReader(reader_uri(path), keys),
        )
        store.key_problem = keys.problem or await store.read(find_lost_keys)
        return store

    def write(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Runs `change` in the writer's transaction. It is submitted at once, even if nobody awaits it."""
        answer = self._writer.submit(change)
        answer.add_done_callback(self._watch_answer)
        return answer

    def write_lazily(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Runs a change that nobody waits for: in the commit of the next change, or alone after `writer.LAZY_COMMIT_S`. Changes
        run in the order of the calls all the same."""
        answer = self._writer.submit_lazily(change)
        answer.add_done_callback(self._watch_answer)
        return answer

    def write_consent(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Runs a change that may store an opt-out: `write`, after the consent epoch was counted up."""
        self.consent_epoch += 1
        return self.write(change)

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Gives an event that is set after each commit, while the context lasts. Whoever waits for it clears it before reading:
        then no change is missed."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)

    async def empty_log(self) -> bool:
        """Moves the log into the database and leaves nothing of it on the disk: it has the rows as they were before a change.
        Returns False if a reader, such as a backup, still needs it."""
        answer = self._writer.submit_outside(empty_log)
        answer.add_done_callback(self._watch_answer)
        return await answer

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `query` on what is committed."""
        return await self._read(self._reader, query)

    async def read_hot(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a query that a modem waits for, on a connection of its own: it waits for no long listing."""
        return await self._read(self._hot_reader, query)

    async def _read(self, reader: Reader, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await reader.run(query)
        except sqlite3.Error as error:
            found = classify_error(error)
            if (
                found is None or found.code is ErrorCode.READ_ONLY
            ):  # that a query may not write is a mistake of the query
                raise
            if (changed := _explain_by_change(error, self._visit)) is not None:
                raise changed from error
            self._note_failure(found)
            raise found from error

    async def retry_write(self) -> bool:
        """Writes a little. Returns True if the database takes changes now; `failure` is over then. A damaged one stays so."""
        try:
            await self.write(_write_nothing)
        except StoreError:
            return False
        if isinstance(self.failure, StoreDamaged):
            return False
        self.failure = None
        self.failed.clear()
        return True

    def _watch_answer(self, answer: asyncio.Future[T]) -> None:
        """Counts a write, notes its failure, before its caller goes on, and tells the listeners that something was committed."""
        self.changes += 1
        for event in self._listeners:
            event.set()
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, StoreUnavailable | StoreDamaged):
            self._note_failure(error)

    def _note_failure(self, error: StoreUnavailable | StoreDamaged) -> None:
        if not isinstance(self.failure, StoreDamaged):
            self.failure = error
            self.failed.set()

    async def close(self) -> None:
        """Finishes what was submitted, and closes the database.

        A damaged one is left as it is: a reader that closes last makes no checkpoint, and the log that stays makes the next
        opening check every page.
        """
        parts: list[Reader | Writer] = [self._reader, self._writer]
        if self._hot_reader is not self._reader:
            parts.insert(0, self._hot_reader)
        for part in reversed(parts) if isinstance(self.failure, StoreDamaged) else parts:
            await part.close()
        if self._lock is not None:
            os.close(self._lock)


def _explain_by_change(error: sqlite3.Error, visit: Visit | None) -> StoreUnavailable | None:
    """Returns the error to raise if a database was changed during a visit, and that explains `error`; else None."""
    return explain_visit_error(error, visit.path) if visit is not None and visit.has_changed() else None


def _write_nothing(db: sqlite3.Connection) -> None:
    """Changes nothing, and has a page written all the same."""
    db.execute(f"PRAGMA user_version = {VERSION:d}")
