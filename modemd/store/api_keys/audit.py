"""Audit log: each change that came through the API: who made it, what it was, and from where. It has no text and no number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from modemd.light_dataclass import dataclass
from modemd.store.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Change. `key`: the id of the API key, None for the Unix socket; `route`: the path without numbers of people; `status`: that
    of the answer."""

    id: int
    at: datetime
    key: int | None
    name: str
    address: str
    method: str
    route: str
    status: int


class AuditedChange(NamedTuple):
    """Change that is not stored yet, with the fields of an `AuditRow`."""

    at: datetime
    key: int | None
    name: str
    address: str
    method: str
    route: str
    status: int


def add_changes(db: sqlite3.Connection, changes: Sequence[AuditedChange]) -> None:
    """Adds changes, the oldest first."""
    db.executemany(
        "INSERT INTO audit (at, api_key, name, address, method, route, status) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(to_text(at), *what) for at, *what in changes],
    )


def count_changes(db: sqlite3.Connection, before: int | None) -> int:
    """Returns how many changes `list_changes` has."""
    sql = "SELECT count(*) FROM audit WHERE id < coalesce(?, 9223372036854775807)"
    return int(db.execute(sql, (before,)).fetchone()[0])


def list_changes(db: sqlite3.Connection, before: int | None, limit: int) -> list[AuditRow]:
    """Returns the changes, the newest first; with `before`, those with smaller ids. `limit` 0 means all."""
    rows = db.execute(
        "SELECT * FROM audit WHERE id < coalesce(?, 9223372036854775807) ORDER BY id DESC LIMIT ?",
        (before, limit or -1),
    )
    return [
        AuditRow(
            row["id"],
            from_text(row["at"]),
            row["api_key"],
            row["name"],
            row["address"],
            row["method"],
            row["route"],
            row["status"],
        )
        for row in rows
    ]
