"""The database as the service sees it: its files, its one writer, its readers, and the consent epoch."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from modemd.errors import StoreError, StoreLocked
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.store import Store, consent, listings
from modemd.store.consent import ConsentStatement
from modemd.store.outbox import accept
from modemd.store.outbox.outbound_message import OutboundMessage
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
    """Database, log, index and lock are 0600, in a folder that is made 0700."""
    path = tmp_path / "made" / "modemd.db"
    store = await Store.open(path)
    await store.write(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+1')"))
    modes = {file.name: mode(file) for file in path.parent.iterdir()}
    assert modes.keys() == {"modemd.db", "modemd.db-wal", "modemd.db-shm", "modemd.db.lock"}
    assert set(modes.values()) == {0o600}
    assert mode(path.parent) == 0o700
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
    await store.close()
    await (await Store.open(path)).close()


async def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A path whose folder is a file is an error that says what to check."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="check the path and who may write there"):
        await Store.open(tmp_path / "file" / "modemd.db")


async def test_reads_see_what_was_answered(tmp_path: Path) -> None:
    """When a write has answered, a read that begins then sees it; and what was kept is there after the next opening."""
    path = tmp_path / "modemd.db"
    new = OutboundMessage(ALICE, "hello", MessageClass.TRANSACTIONAL, 1, START)
    store = await Store.open(path)
    submitted = await store.write(lambda db: accept.submit(db, new, ConsentPolicy(), START))
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
        stored = store.write_consent(lambda db: consent.apply_statement(db, STOP, START))
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
