"""The database as the service sees it: its files, its one writer, its readers, and the consent epoch."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import stat
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest

from modemd.errors import LockHolder, NoDatabase, StoreDamaged, StoreError, StoreLocked, StoreUnavailable
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.store import Store, listings
from modemd.store.connection import connect, empty_log, visitor_uri
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.files import opening
from modemd.store.files.opening import find_writer
from modemd.store.outbox import accept
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.schema import VERSION
from tests.store.bench import ALICE, START

STOP = ConsentStatement(ALICE, opts_in=False, keyword="stop", language="en", channel="sms")
OPEN_AND_SAY = """
import asyncio, sys
from pathlib import Path
from modemd.errors import StoreLocked
from modemd.store import Store
async def main():
    try:
        await (await Store.open(Path(sys.argv[1]))).close()
    except StoreLocked as error:
        print(error)
asyncio.run(main())
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    """Database, log, index, lock and keys are 0600."""
    path = tmp_path / "modemd.db"
    store = await Store.open(path)
    assert store.is_new
    await store.write(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+1')"))
    modes = {file.name: mode(file) for file in path.parent.iterdir()}
    assert modes.keys() == {"modemd.db", "modemd.db-wal", "modemd.db-shm", "modemd.db.lock", "modemd.db.key"}
    assert set(modes.values()) == {0o600}
    await store.close()


async def test_a_second_opening_is_refused(tmp_path: Path) -> None:
    """While one holds the database nobody else opens it to write, in this process or another; afterwards anybody may."""
    path = tmp_path / "modemd.db"
    store = await Store.open(path)
    with pytest.raises(StoreLocked, match="another modemd process writes to it"):
        await Store.open(path)
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN_AND_SAY, str(path), stdout=PIPE)
    said, _ = await other.communicate()
    assert b"another modemd process writes to it" in said
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with pytest.raises(StoreLocked, match="another modemd process writes to it"):
        await Store.open(link)
    await store.close()
    await (await Store.open(path)).close()


async def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A path whose folder is a file, or is not there, is an error that says what to check; no folder is made."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in ("file", "none"):
        with pytest.raises(NoDatabase, match=f"the folder .*/{folder} is not there; make it, or correct `database`"):
            await Store.open(tmp_path / folder / "modemd.db")
    assert names(tmp_path) == ["file"]


async def test_only_the_daemon_makes_a_database(tmp_path: Path) -> None:
    """Opened by a command, to read or to write, a database that is not there is an error, and no file is made."""
    for opens in (Store.open_existing, Store.open_to_read):
        with pytest.raises(NoDatabase, match=r"modemd\.db: there is no database; start the daemon once") as error:
            await opens(tmp_path / "modemd.db")
        assert error.value.code == "no_database"
    assert names(tmp_path) == []


async def test_a_database_that_is_there_is_not_new(tmp_path: Path) -> None:
    """The second opening finds what the first has made, whoever opens."""
    path = tmp_path / "modemd.db"
    await (await Store.open(path)).close()
    for opens in (Store.open, Store.open_existing):
        store = await opens(path)
        assert not store.is_new
        await store.close()


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {file.name: (file.stat().st_ino, file.read_bytes()) for file in folder.glob("modemd.db*")}


def copied(folder: Path, to: Path) -> Path:
    """The files of a database, as a killed process leaves them."""
    to.mkdir()
    for file in folder.glob("modemd.db*"):
        shutil.copy2(file, to)
    return to


async def test_reading_changes_no_file(tmp_path: Path) -> None:
    """A store opened to read shows what is committed, and leaves every file as it was: after a daemon that has ended, and after
    one that was killed. Beside one that writes it needs no lock. A change is refused."""
    path = tmp_path / "modemd.db"
    await (await Store.open(path)).close()
    await read_without_a_trace(path, 0)
    writer = await Store.open(path)
    await writer.write(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+1')"))
    killed = copied(tmp_path, tmp_path / "killed")
    reader = await Store.open_to_read(path)
    assert await count_contacts(reader) == 1
    await reader.close()
    await writer.close()
    await read_without_a_trace(killed / path.name, 1)


async def read_without_a_trace(path: Path, contacts: int) -> None:
    before = snapshot(path.parent)
    reader = await Store.open_to_read(path)
    assert await count_contacts(reader) == contacts
    with pytest.raises(StoreError, match="opened to read"):
        await reader.write(lambda db: None)
    await reader.close()
    assert snapshot(path.parent) == before


async def count_contacts(store: Store) -> int:
    return await store.read(lambda db: int(db.execute("SELECT count(*) FROM contact").fetchone()[0]))


def open_to_others(folder: Path) -> None:
    """Lets every user read the files of the database, and enter its folder."""
    for each in [*[*folder.parents][:-1], folder]:
        each.chmod(each.stat().st_mode | stat.S_IXOTH)
    for file in folder.glob("modemd.db*"):
        file.chmod(0o644)


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def owners(folder: Path) -> dict[str, tuple[int, int]]:
    return {file.name: (file.stat().st_uid, file.stat().st_gid) for file in folder.iterdir()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_user_who_may_only_read_can_read(tmp_path: Path) -> None:
    """Whoever may read the files reads the database, also beside the process that writes, without any right to write; whoever
    may not is told who owns it. This is run as another user."""
    path = tmp_path / "modemd.db"
    writer = await Store.open(path)
    await writer.write(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+1')"))
    open_to_others(tmp_path)
    assert await as_nobody(path) == "1 contacts"
    await writer.close()
    assert await as_nobody(path) == "1 contacts"
    path.chmod(0o600)
    said = await as_nobody(path)
    assert "may not use it: " in said
    assert "belongs to root and group root; use sudo -u root; a daemon that runs answers for its database" in said


READ_AND_SAY = """
import asyncio, os, sys
from pathlib import Path
from modemd.errors import StoreError
from modemd.store import Store
os.setgroups([]); os.setgid(65534); os.setuid(65534)
async def main():
    try:
        store = await Store.open_to_read(Path(sys.argv[1]))
    except StoreError as error:
        return print(error)
    print(await store.read(lambda db: db.execute("SELECT count(*) FROM contact").fetchone()[0]), "contacts")
    await store.close()
asyncio.run(main())
"""


async def as_nobody(path: Path) -> str:
    """What a reading process of another user says."""
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", READ_AND_SAY, str(path), stdout=PIPE)
    said, _ = await other.communicate()
    return said.decode().strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    """Database, log, index, lock and keys, made by root, are files of the daemon's user, who can use them."""
    os.chown(tmp_path, 65534, 65533)
    store = await Store.open(tmp_path / "modemd.db")
    await store.write(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+1')"))
    found = owners(tmp_path)
    await store.close()
    assert found.keys() == {"modemd.db", "modemd.db-wal", "modemd.db-shm", "modemd.db.lock", "modemd.db.key"}
    assert set(found.values()) == {(65534, 65533)}


async def test_who_writes_is_told(tmp_path: Path) -> None:
    """Whoever does not get the lock learns which process has it, and where a daemon listens."""
    path = tmp_path / "modemd.db"
    assert find_writer(path) is None
    store = await Store.open(path, tmp_path / "modemd.sock")
    holder = LockHolder(os.getpid(), tmp_path / "modemd.sock")
    with pytest.raises(StoreLocked, match=f"writes to it \\(process {os.getpid()}\\)") as locked:
        await Store.open_existing(path)
    assert locked.value.holder == find_writer(path) == holder
    await store.close()
    assert find_writer(path) is None
    store = await Store.open_existing(path)
    assert find_writer(path) == LockHolder(os.getpid(), None)
    await store.close()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
async def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A folder or a pipe in the place of the database is told; nothing waits for the other end of the pipe."""
    path = tmp_path / "modemd.db"
    make(path)
    for opens in (Store.open, Store.open_existing, Store.open_to_read):
        with pytest.raises(StoreError, match=r"is (a folder|not a file); correct `database` in the configuration"):
            await opens(path)


async def test_an_empty_file_is_no_database(tmp_path: Path) -> None:
    """A file that somebody touched holds nothing: a command says so; the daemon makes a database of it."""
    path = tmp_path / "modemd.db"
    path.touch()
    for opens in (Store.open_existing, Store.open_to_read):
        with pytest.raises(NoDatabase, match="the file is empty and no database yet"):
            await opens(path)
    await (await Store.open(path)).close()
    await (await Store.open_to_read(path)).close()


async def test_an_older_schema_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that reads brings no schema up to date; it says who does."""
    path = tmp_path / "modemd.db"
    await (await Store.open(path)).close()
    monkeypatch.setattr(opening, "VERSION", VERSION + 1)
    with pytest.raises(StoreError, match="start the daemon, which brings it up to date"):
        await Store.open_to_read(path)


async def test_reads_see_what_was_answered(tmp_path: Path) -> None:
    """When a write has answered, a read that begins then sees it; and what was kept is there after the next opening."""
    path = tmp_path / "modemd.db"
    new = OutboundMessage(ALICE, "hello", MessageClass.TRANSACTIONAL, 1, START)
    store = await Store.open(path)
    submitted = await store.write(lambda db: accept.submit(db, new, SendingRules(), START))
    assert [row.id for row in await store.read(listings.list_messages)] == [submitted.id]
    await store.close()
    store = await Store.open(path)
    assert [row.text for row in await store.read(listings.list_messages)] == ["hello"]
    await store.close()


async def test_readers_cannot_write(tmp_path: Path) -> None:
    """A query that tries to change something is refused by the database itself."""
    store = await Store.open(tmp_path / "modemd.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(lambda db: db.execute("DELETE FROM message"))
    await store.close()


async def test_the_epoch_moves_before_an_opt_out_is_stored(tmp_path: Path) -> None:
    """Whoever finds the epoch unmoved knows that no opt-out was stored since: it moves when the change is handed over."""
    store = await Store.open(tmp_path / "modemd.db")
    try:
        noted = store.consent_epoch
        stored = store.write_consent(lambda db: statements.apply_statement(db, STOP, START))
        assert store.consent_epoch == noted + 1
        assert not stored.done()
        assert (await stored).has_changed
        await store.write(lambda db: None)
        assert store.consent_epoch == noted + 1
    finally:
        await store.close()


async def test_a_write_needs_no_awaiting(tmp_path: Path) -> None:
    """A change is submitted by the call; closing finishes it."""
    path = tmp_path / "modemd.db"
    store = await Store.open(path)
    store.write(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+1')") and None)
    await store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM contact").fetchone()[0] == 1
    connection.close()


def make_long(path: Path) -> None:
    """Fills a database, and closes it in order."""
    db = connect(path)
    db.executemany("INSERT INTO contact (number) VALUES (?)", [(f"+33{number}",) for number in range(5000)])
    db.close()


def garble(path: Path) -> None:
    """Overwrites the rows, and leaves the schema."""
    half = path.stat().st_size // 2
    with path.open("r+b") as file:
        file.seek(half)
        file.write(b"\xff" * half)


async def test_a_change_while_a_database_is_read_is_no_damage(tmp_path: Path) -> None:
    """A daemon that starts meanwhile writes into what a command reads without a lock: the command is to be run again."""
    path = tmp_path / "modemd.db"
    await (await Store.open(path)).close()
    make_long(path)
    reader = await Store.open_to_read(path)
    garble(path)
    with pytest.raises(StoreUnavailable, match="changed while it was read; run the command again") as refused:
        await count_contacts(reader)
    assert (refused.value.code, reader.failure, "damaged" in str(refused.value)) == ("unavailable", None, False)
    await reader.close()


async def test_damage_is_told_where_nothing_has_changed(tmp_path: Path) -> None:
    """To run the command again would not help."""
    path = tmp_path / "modemd.db"
    await (await Store.open(path)).close()
    make_long(path)
    garble(path)
    reader = await Store.open_to_read(path)
    with pytest.raises(StoreDamaged):
        await count_contacts(reader)
    await reader.close()


async def test_a_change_while_a_database_is_opened_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page, too, may be one that is being written."""
    path = tmp_path / "modemd.db"
    await (await Store.open(path)).close()
    uri_of = visitor_uri(path)

    def change_meanwhile(path: Path) -> str:
        path.write_bytes(b"\xff" * path.stat().st_size)
        return uri_of

    monkeypatch.setattr("modemd.store.store.visitor_uri", change_meanwhile)
    with pytest.raises(StoreUnavailable, match="changed while it was read; run the command again"):
        await Store.open_to_read(path)


def test_a_log_that_was_emptied_may_have_a_writer(tmp_path: Path) -> None:
    """Its index is there then, and the reader sees what is written next."""
    path = tmp_path / "modemd.db"
    writer = connect(path)
    writer.execute("CREATE TABLE number (value INTEGER)")
    assert empty_log(writer)
    assert "immutable" not in visitor_uri(path)
    with contextlib.closing(sqlite3.connect(visitor_uri(path), uri=True)) as reader:
        for count in (0, 1):
            assert reader.execute("SELECT count(*) FROM number").fetchone()[0] == count
            writer.execute("INSERT INTO number VALUES (1)")
    writer.close()
    assert "immutable" in visitor_uri(path)
