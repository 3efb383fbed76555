"""Versions of the schema: a fresh database, one that is there already, one of an older version, and files that are refused."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlite_utils

from modemd.errors import StoreError
from modemd.store import Store
from modemd.store.connection import connect
from modemd.store.files import opening
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.queue import outcomes
from modemd.store.schema import APPLICATION_ID, RECORD_TABLE, STEPS, VERSION, migrate
from modemd.store.timestamps import to_text
from tests.store.bench import ALICE, BOB, START, WEST, Bench


def schema(connection: sqlite3.Connection) -> set[str]:
    return {row["sql"] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


def pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(path)) as connection:
        yield connection


def test_a_fresh_database_has_every_table(tmp_path: Path) -> None:
    """The file says whose it is and which version it has."""
    with opened(tmp_path / "fresh.db") as connection:
        migrate(connection)
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables >= {
            "message",
            "part",
            "lane",
            "attempt",
            "report",
            "inbox",
            "inbox_part",
            "contact",
            "consent_event",
            "sim",
            "event",
        }
        assert pragma(connection, "user_version") == VERSION
        assert pragma(connection, "application_id") == APPLICATION_ID


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    """What is there already stays."""
    with opened(tmp_path / "twice.db") as connection:
        migrate(connection)
        before = schema(connection)
        connection.execute("INSERT INTO contact (number) VALUES ('+33612345678')")
        migrate(connection)
        assert schema(connection) == before
        assert connection.execute("SELECT count(*) FROM contact").fetchone()[0] == 1
        assert pragma(connection, "user_version") == VERSION


def test_sqlite_utils_is_loaded_for_a_step_only(tmp_path: Path) -> None:
    """It takes more than 1 MiB: a daemon whose database is up to date does without."""
    ask = f"""
import asyncio, pathlib, sys
from modemd.store import Store

async def ask():
    await (await Store.open(pathlib.Path({str(tmp_path / "a.db")!r}))).close()
    print("sqlite_utils" in sys.modules)

asyncio.run(ask())
"""
    answers = [subprocess.check_output([sys.executable, "-c", ask], text=True).strip() for _ in range(2)]
    assert answers == ["True", "False"]


def test_the_record_of_steps_is_that_of_sqlite_utils() -> None:
    """A file that holds nothing else is empty."""
    assert sqlite_utils.Migrations.migrations_table == RECORD_TABLE


async def test_a_start_that_was_cut_begins_again(tmp_path: Path) -> None:
    """The power went when the file held the record of migrations, and no step of them yet."""
    path = tmp_path / "cut.db"

    def cut(db: sqlite_utils.Database) -> None:
        STEPS[0](db)
        raise KeyboardInterrupt

    with opened(path) as connection:
        with pytest.raises(KeyboardInterrupt):
            migrate(connection, (cut,))
        assert pragma(connection, "user_version") == 0
    await (await Store.open(path)).close()
    with opened(path) as connection:
        assert pragma(connection, "user_version") == VERSION


def next_version(db: sqlite_utils.Database) -> None:
    """A made-up next version: a column more, and a CHECK that lets more in, for which the table is made anew."""
    db.execute("PRAGMA defer_foreign_keys = ON")
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'consent_event'").fetchone()
    db.execute("CREATE TEMP TABLE before AS SELECT * FROM main.consent_event")
    db.execute("DROP TABLE main.consent_event")
    db.execute(sql.replace("'restore')", "'restore', 'asked')"))
    db.execute("INSERT INTO consent_event SELECT * FROM temp.before")
    db.execute("DROP TABLE temp.before")
    db.execute("ALTER TABLE message ADD COLUMN campaign TEXT NOT NULL DEFAULT 'none'")


NEXT = (*STEPS, next_version)


def populated(path: Path) -> tuple[Bench, list[int]]:
    """A database in which one message was sent, one is on the air, one waits, and somebody said STOP."""
    bench = Bench(path)
    messages = [bench.submit(ALICE), bench.submit(BOB), bench.submit(ALICE, parts=2)]
    bench.send(reference=7)
    bench.claimed()
    bench.says(BOB)
    return bench, messages


def rows(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is in the tables."""
    names = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: [tuple(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]
        for name in names
        if name not in ("_sqlite_migrations", "sqlite_stat1", "sqlite_stat4")
    }


def test_the_next_version_keeps_everything(tmp_path: Path) -> None:
    """What was on its way goes on: a report finds its attempt, a start what was on the air, and the rest waits in its lane.
    A copy of the database as it was is kept."""
    path = tmp_path / "modemd.db"
    bench, (sent, on_air, waiting) = populated(path)
    before = rows(bench.db)
    bench.db.close()
    opening.prepare(path, NEXT)
    bench.db = connect(path)
    after = rows(bench.db)
    assert [row[-1] for row in after["message"]] == ["none"] * 3
    assert after | {"message": [row[:-1] for row in after["message"]]} == before
    assert pragma(bench.db, "user_version") == VERSION + 1
    bench.db.execute("UPDATE consent_event SET action = 'asked'")
    assert bench.report(7) == sent
    assert outcomes.close_interrupted_attempts(bench.db, bench.now) == 1
    assert (bench.state(sent), bench.state(on_air)) == ("delivered", "unknown")
    assert bench.candidates() == [waiting]
    assert bench.db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert bench.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    bench.db.close()
    with opened(tmp_path / f"modemd.db.schema-{VERSION}") as copy:
        assert (rows(copy), pragma(copy, "user_version")) == (before, VERSION)


async def test_an_older_program_refuses_the_next_version(tmp_path: Path) -> None:
    """It says what to do, changes nothing, and gives the lock back; the copy it can go on with."""
    path = tmp_path / "modemd.db"
    bench, _ = populated(path)
    before = rows(bench.db)
    bench.db.close()
    opening.prepare(path, NEXT)
    for _ in range(2):
        with pytest.raises(
            StoreError,
            match=rf"written by a newer modemd \(schema {VERSION + 1}, this one knows {VERSION}\); upgrade modemd",
        ):
            await Store.open(path)
    path.with_name(f"modemd.db.schema-{VERSION}").rename(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    await (await Store.open(path)).close()
    with opened(path) as connection:
        assert rows(connection) == before


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    """Nothing of the step stays, and the program that knows it can try again; the copy is made once."""
    path = tmp_path / "modemd.db"
    bench, _ = populated(path)
    before, tables = rows(bench.db), schema(bench.db)
    bench.db.close()

    def failing(db: sqlite_utils.Database) -> None:
        next_version(db)
        db.execute("INSERT INTO contact (number) VALUES ('+1')")
        raise sqlite3.OperationalError("disk I/O error")

    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            opening.prepare(path, (*STEPS, failing))
        with opened(path) as connection:
            assert (rows(connection), schema(connection)) == (before, tables)
            assert pragma(connection, "user_version") == VERSION
    assert [each.name for each in tmp_path.glob("*.schema-*")] == [f"modemd.db.schema-{VERSION}"]
    opening.prepare(path, NEXT)
    with opened(path) as connection:
        assert pragma(connection, "user_version") == VERSION + 1


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([f"PRAGMA user_version = {version}", "CREATE TABLE message (id)"], id=f"development {version}")
        for version in range(1, 7)
    ]
    + [
        pytest.param(["CREATE TABLE note (text)"], id="another program's"),
        pytest.param(["PRAGMA application_id = 7", "PRAGMA user_version = 1"], id="marked as another's"),
        pytest.param([f"PRAGMA application_id = {APPLICATION_ID}", "CREATE TABLE part (id)"], id="no version"),
        pytest.param([f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = -3"], id="below the first"),
    ],
)
async def test_a_file_that_is_not_known_is_refused(tmp_path: Path, statements: list[str]) -> None:
    """It is never taken for a database of this version, and nothing in it changes."""
    path = tmp_path / "unknown.db"
    with opened(path) as connection:
        for statement in statements:
            connection.execute(statement)
        before = schema(connection), pragma(connection, "user_version"), pragma(connection, "application_id")
    with pytest.raises(
        StoreError, match=r"is no database of modemd, or one of a modemd before its first release.*restore"
    ):
        await Store.open(path)
    with opened(path) as connection:
        assert (schema(connection), pragma(connection, "user_version"), pragma(connection, "application_id")) == before


async def test_a_file_that_is_refused_stays_as_it_is(tmp_path: Path) -> None:
    """Octet for octet, with its rights, and without a log beside it: it is another program's."""
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE note (text)")
        connection.execute("INSERT INTO note VALUES ('mine')")
        connection.commit()
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is no database of modemd"):
        await Store.open(path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (before, 0o644)
    assert sorted(os.listdir(tmp_path)) == ["other.db", "other.db.lock"]


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database that a newer modemd has written is left alone, and told what to do; its lock is given back."""
    path = tmp_path / "newer.db"
    with opened(path) as connection:
        migrate(connection)
        connection.execute(f"PRAGMA user_version = {VERSION + 1:d}")
    for _ in range(2):
        with pytest.raises(StoreError, match=f"written by a newer modemd \\(schema {VERSION + 1}.*upgrade modemd"):
            await Store.open(path)


def test_the_writer_is_durable(tmp_path: Path) -> None:
    """The connection that writes keeps a write-ahead log, syncs every commit, and holds foreign keys."""
    connection = connect(tmp_path / "durable.db")
    pragmas = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    connection.close()
    full = 2
    assert pragmas == ["wal", full, 1]


def test_inbound_parts_of_version_1_are_known_after_the_step(tmp_path: Path) -> None:
    """What was stored before slots were remembered is not stored again."""
    path = tmp_path / "old.db"
    arrival = Arrival(WEST, b"hello", ALICE, "text", "hello", START)
    with opened(path) as connection:
        migrate(connection, STEPS[:1])
        connection.execute(
            """INSERT INTO inbox (sender, to_sim, kind, text, parts, total, complete, stored_at)
               VALUES (?, ?, 'text', 'hello', 1, 1, 1, ?)""",
            (ALICE, WEST, to_text(START)),
        )
        connection.execute(
            "INSERT INTO inbox_part (inbox_id, seq, tpdu, fingerprint, stored_at) VALUES (1, 1, ?, ?, ?)",
            (arrival.tpdu, inbox.find_fingerprint(arrival), to_text(START)),
        )
        migrate(connection)
        later = START + timedelta(days=1)
        assert inbox.store_arrival(connection, arrival, lambda tpdus: ("text", ""), later) is None
