"""A database that takes no changes for a while: nothing is half kept, the code says why, and it goes on when it can."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from modemd.errors import StoreError, StoreUnavailable
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.store import Store, connection, listings, sqlite_errors
from modemd.store.connection import OPENING_TRIES, ThreadReader, _use_log, connect, reader_uri
from modemd.store.keyed_hashes.keys import read_keys
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.schema import migrate
from modemd.store.writer import ThreadWriter
from tests.store.bench import ALICE, START
from tests.store.power_cut import log_of


def submit(text: str, db: sqlite3.Connection) -> Submitted:
    new = OutboundMessage(ALICE, text, MessageClass.TRANSACTIONAL, 1, START.replace(year=2027))
    return accept.submit(db, new, SendingRules(), START)


def fill(db: sqlite3.Connection) -> None:
    """No page more than there are: SQLite then says SQLITE_FULL, as on a full disk."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages:d}")


def make_room(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA max_page_count = 1000000")


def forbid(db: sqlite3.Connection) -> None:
    """SQLite then says SQLITE_READONLY, as on a disk that has turned read-only."""
    db.execute("PRAGMA query_only = 1")


def allow(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA query_only = 0")


class Disk:
    """A store over a real file, whose writing connection the test can reach, as the disk below it does."""

    def __init__(self, path: Path) -> None:
        connection = connect(path)
        migrate(connection)
        connection.close()
        self.connections: list[sqlite3.Connection] = []
        self.absent = False
        self.path = path
        self.store = Store(ThreadWriter(self._connect), ThreadReader(reader_uri(path), read_keys(path)))

    def _connect(self) -> sqlite3.Connection:
        if self.absent:
            raise _io_error()
        self.connections.append(connect(self.path))
        return self.connections[-1]


def _io_error() -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
    return error


def trouble_of(store: Store) -> str | None:
    return store.failure.code if store.failure else None


LONG = "x" * 20_000  # more than any page has free


@pytest.mark.parametrize(
    ("harm", "heal", "code", "advice"),
    [
        pytest.param(fill, make_room, "disk_full", "the disk is full: make room", id="full"),
        pytest.param(forbid, allow, "read_only", "the database is read-only", id="read-only"),
    ],
)
async def test_nothing_new_is_accepted_and_it_goes_on_when_it_can(
    tmp_path: Path,
    harm: Callable[[sqlite3.Connection], None],
    heal: Callable[[sqlite3.Connection], None],
    code: str,
    advice: str,
) -> None:
    """What was answered stays, what is refused says why and leaves nothing, and after it changes are taken, by the same
    connection and the same store."""
    disk = Disk(tmp_path / "modemd.db")
    store = disk.store
    await store.write(partial(submit, "before"))
    harm(disk.connections[0])
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match=advice) as refused:
            await store.write(partial(submit, LONG))
        assert refused.value.code == code
    assert (trouble_of(store), store.failed.is_set()) == (code, True)
    assert [row.text for row in await store.read(listings.list_messages)] == ["before"]
    heal(disk.connections[0])
    assert await store.retry_write()
    assert (trouble_of(store), store.failed.is_set()) == (None, False)
    await store.write(partial(submit, LONG))
    assert [row.text for row in await store.read(listings.list_messages)] == [LONG, "before"]
    await store.close()
    assert len(disk.connections) == 1


async def test_another_program_that_holds_the_database_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a change waits in vain for another program, it is refused with the reason; reading goes on; and afterwards changes
    are taken."""
    monkeypatch.setattr(connection, "BUSY_MS", 10)
    path = tmp_path / "modemd.db"
    store = await Store.open(path)
    await store.write(partial(submit, "before"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program holds the database") as refused:
            await store.write(partial(submit, "during"))
        assert (refused.value.code, trouble_of(store)) == ("locked", "locked")
        assert not await store.retry_write()
        assert [row.text for row in await store.read(listings.list_messages)] == ["before"]
        other.execute("ROLLBACK")
    assert await store.retry_write()
    await store.write(partial(submit, "after"))
    assert [row.text for row in await store.read(listings.list_messages)] == ["after", "before"]
    await store.close()


async def test_a_full_disk_fails_the_whole_group_or_the_change_alone(tmp_path: Path) -> None:
    """Whatever SQLite gives up when it finds the disk full, nobody is told that something was kept which was not."""
    disk = Disk(tmp_path / "modemd.db")
    store = disk.store
    await store.write(fill)
    texts = ["small", LONG, "also small", LONG + "y", "last"]
    answers = await asyncio.gather(*(store.write(partial(submit, text)) for text in texts), return_exceptions=True)
    kept = {text for text, said in zip(texts, answers, strict=True) if isinstance(said, Submitted)}
    refused = [said for said in answers if not isinstance(said, Submitted)]
    assert {type(said) for said in refused} == {StoreUnavailable}
    assert {row.text for row in await store.read(listings.list_messages)} == kept
    assert kept <= {"small", "also small", "last"}
    await store.close()


async def test_trying_again_really_writes(tmp_path: Path) -> None:
    """Each try adds to the log, as a change of nothing does not: only so a disk that is still full is found so."""
    disk = Disk(tmp_path / "modemd.db")
    store = disk.store
    await store.write(partial(submit, "before"))
    sizes = [log_of(disk.path).stat().st_size]
    for _ in range(2):
        await store.write(lambda db: None)
        assert log_of(disk.path).stat().st_size == sizes[-1]
        assert await store.retry_write()
        sizes.append(log_of(disk.path).stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]
    await store.close()


async def test_a_database_that_is_away_for_a_while_needs_no_restart(tmp_path: Path) -> None:
    """Where not even the way back from a failed group works the connection is made anew, as often as it takes."""
    disk = Disk(tmp_path / "modemd.db")
    store = disk.store
    await store.write(partial(submit, "before"))
    disk.absent = True

    def break_connection(db: sqlite3.Connection) -> None:
        db.close()

    with pytest.raises(StoreError):
        await store.write(break_connection)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="the disk does not take it"):
            await store.write(partial(submit, "lost"))
    disk.absent = False
    await store.write(partial(submit, "after"))
    assert [row.text for row in await store.read(listings.list_messages)] == ["after", "before"]
    await store.close()


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [
        pytest.param(28, "disk_full", StoreUnavailable, id="no room for the lock file"),
        pytest.param(30, "read_only", StoreUnavailable, id="a file system that is mounted read-only"),
        pytest.param(13, "store", StoreError, id="somebody else's folder"),
    ],
)
async def test_a_folder_that_does_not_take_the_files_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, kind: type[StoreError]
) -> None:
    """What the operating system says at the files beside the database is told with what helps."""

    def refuse(*args: object, **more: object) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr("modemd.store.store.os.open", refuse)
    with pytest.raises(kind, match=r"modemd\.db: ") as refused:
        await Store.open(tmp_path / "modemd.db")
    assert refused.value.code == code


@pytest.mark.parametrize(("room", "code"), [(0, "disk_full"), (sqlite_errors.LOW_DISK_OCTETS, "disk_error")])
def test_an_index_that_does_not_fit_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, code: str
) -> None:
    """SQLite calls it an I/O error where the index of the log finds no room; without room it is that."""
    monkeypatch.setattr(sqlite_errors, "_count_free_octets", lambda path: room)
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = 4874, "SQLITE_IOERR_SHMSIZE"
    assert sqlite_errors.explain_open_error(error, tmp_path / "modemd.db").code == code


class Contended:
    """A connection whose log's index is held by readers, the first times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def execute(self, statement: str) -> None:
        if self.left:
            self.left -= 1
            error = sqlite3.OperationalError("locking protocol")
            error.sqlite_errorcode = sqlite3.SQLITE_PROTOCOL
            raise error


def test_an_index_that_readers_hold_is_asked_for_again() -> None:
    """An overloaded machine; in the end it is told as a database that somebody holds, not as one to be moved away."""
    _use_log(cast("sqlite3.Connection", Contended(OPENING_TRIES - 1)))
    with pytest.raises(sqlite3.OperationalError) as refused:
        _use_log(cast("sqlite3.Connection", Contended(OPENING_TRIES)))
    explained = sqlite_errors.explain_open_error(refused.value, Path("/modemd.db"))
    assert (explained.code, "move the file" in str(explained)) == ("locked", False)
