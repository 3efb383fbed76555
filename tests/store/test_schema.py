"""Migrations: a fresh database, one that is there already, and one from the future."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

from modemd.errors import StoreError
from modemd.store import Store
from modemd.store.connection import connect
from modemd.store.queue import outcomes
from modemd.store.schema import VERSION, migrate, migrations
from tests.store.bench import ALICE, BOB, Bench


def schema(connection: sqlite3.Connection) -> set[str]:
    return {row["sql"] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


def test_a_fresh_database_has_every_table(tmp_path: Path) -> None:
    """One migration after another makes a database that says which schema it has."""
    connection = connect(tmp_path / "fresh.db")
    migrate(connection)
    tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {
        "message",
        "part",
        "attempt",
        "report",
        "inbox",
        "inbox_part",
        "contact",
        "consent_event",
        "sim",
        "event",
    }
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
    connection.close()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    """What is there already stays: a start that was cut between migration and version mark goes on."""
    connection = connect(tmp_path / "twice.db")
    migrate(connection)
    before = schema(connection)
    connection.execute("INSERT INTO contact (number) VALUES ('+33612345678')")
    connection.execute("PRAGMA user_version = 0")
    migrate(connection)
    assert schema(connection) == before
    assert connection.execute("SELECT count(*) FROM contact").fetchone()[0] == 1
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
    connection.close()


def test_a_database_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    """Everything that was kept is there still, refers to what it referred to, and ids are not given out twice."""
    connection = connect(tmp_path / "old.db")
    migrations.apply(sqlite_utils.Database(connection), stop_before="second")
    for sql in (
        "INSERT INTO sim VALUES ('8933', '20801', '+33700000001', '3512', '2026-01-01', '2026-01-02')",
        "INSERT INTO inbox (sender, to_sim, kind, text, parts, total, complete, stored_at)"
        " VALUES ('+33612345678', '8933', 'text', 'STOP', 1, 1, 1, '2026-01-02')",
        "INSERT INTO inbox_part (inbox_id, seq, tpdu, fingerprint, stored_at) VALUES (1, 1, x'00', x'01', '2026-01-02')",
        "INSERT INTO consent_event (number, at, action, channel, inbox_id)"
        " VALUES ('+33612345678', '2026-01-02', 'opt_out', 'sms', 1)",
    ):
        connection.execute(sql)
    connection.execute("PRAGMA user_version = 1")
    migrate(connection)
    (row,) = connection.execute(
        "SELECT i.text, e.action FROM consent_event e JOIN inbox i ON i.id = e.inbox_id"
    ).fetchall()
    assert tuple(row) == ("STOP", "opt_out")
    assert connection.execute("SELECT admitted_at FROM sim").fetchone()[0] == "2026-01-01", "SIMs in use stay so"
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
    new = connection.execute(
        "INSERT INTO inbox (sender, to_sim, kind, text, parts, total, complete, stored_at)"
        " VALUES ('+33612345678', '8933', 'mms', 'a picture', 1, 1, 1, '2026-01-03')"
    ).lastrowid
    assert new == 2
    connection.close()


def test_a_database_of_the_fifth_schema_goes_on(tmp_path: Path) -> None:
    """What was on its way when modemd was updated goes on: a report finds its attempt, a start what was on the air, and the rest
    waits in its lane."""
    before = Bench(tmp_path / "before.db")
    sent, on_air, waiting = before.submit(ALICE), before.submit(BOB), before.submit(ALICE, parts=2)
    before.send(reference=7)
    before.claimed()
    before.db.close()
    old = connect(tmp_path / "old.db")
    migrations.apply(sqlite_utils.Database(old), stop_before="sixth")
    old.execute("ATTACH ? AS before", (str(tmp_path / "before.db"),))
    for table in ("contact", "message", "part", "attempt", "event"):
        old.execute(f"INSERT INTO main.{table} SELECT * FROM before.{table}")
    old.execute("PRAGMA user_version = 5")
    old.close()
    bench = Bench(tmp_path / "old.db")
    assert schema(bench.db) == schema(Bench(tmp_path / "fresh.db").db)
    assert bench.report(7, number="0612345678") == sent
    assert outcomes.recover_open_attempts(bench.db, bench.now) == 1
    assert (bench.state(sent), bench.state(on_air)) == ("delivered", "unknown")
    assert bench.candidates() == [waiting]
    assert bench.says(ALICE).has_changed
    assert bench.db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert bench.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database that a newer modemd has written is left alone, and told what to do; its lock is given back."""
    path = tmp_path / "newer.db"
    connection = connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1:d}")
    connection.close()
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
