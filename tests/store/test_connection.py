"""The connection that writes."""

from __future__ import annotations

from pathlib import Path

from modemd.store.connection import connect

FULL = 2  # https://sqlite.org/pragma.html#pragma_synchronous


def test_a_commit_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """The log is synced at each commit, so that a power cut takes nothing that was answered."""
    connection = connect(tmp_path / "modemd.db")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == FULL
    connection.close()
