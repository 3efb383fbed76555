"""The connections to the database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from modemd.store import Store
from modemd.store.connection import connect

FULL = 2  # https://sqlite.org/pragma.html#pragma_synchronous


def test_a_commit_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """The log is synced at each commit, so that a power cut takes nothing that was answered."""
    connection = connect(tmp_path / "modemd.db")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == FULL
    connection.close()


async def test_the_reader_of_lists_keeps_few_pages(tmp_path: Path) -> None:
    """Half a MiB: a list reads most pages once. The reader that searches the queue keeps as many as SQLite thinks best."""

    def read_size(db: sqlite3.Connection) -> int:
        size: int = db.execute("PRAGMA cache_size").fetchone()[0]
        return -size

    store = await Store.open(tmp_path / "modemd.db")
    try:
        assert (await store.read(read_size), await store.read_hot(read_size)) == (512, 2000)
    finally:
        await store.close()
