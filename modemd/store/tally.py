"""Counts that are kept as rows change (triggers of the schema), so that telling them costs nothing."""

from __future__ import annotations

import sqlite3
from typing import Any

_WAITING = ("held", "queued", "sending", "unknown")


def waiting(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """How many messages are in each state that is not final, by class, and when the oldest was accepted."""
    rows = db.execute(
        f"""SELECT state, class, sum(amount) AS messages FROM tally
            WHERE kind = 'message' AND state IN {_WAITING} GROUP BY state, class HAVING sum(amount) > 0"""  # noqa: S608 - our own
    ).fetchall()
    return [dict(row) | {"oldest": _oldest(db, row["state"], row["class"])} for row in rows]


def _oldest(db: sqlite3.Connection, state: str, message_class: str) -> str | None:
    sql = "SELECT created_at FROM message INDEXED BY message_state WHERE state = ? AND class = ? ORDER BY id LIMIT 1"
    row = db.execute(sql, (state, message_class)).fetchone()
    return row["created_at"] if row is not None else None


def held(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """How many messages are held, by reason."""
    rows = db.execute(
        """SELECT reason, sum(amount) AS messages FROM tally WHERE kind = 'message' AND state = 'held'
           GROUP BY reason HAVING sum(amount) > 0 ORDER BY messages DESC, reason"""
    ).fetchall()
    return [dict(row) for row in rows]


def states(db: sqlite3.Connection) -> dict[str, int]:
    """How many messages there are in each state."""
    rows = db.execute(
        "SELECT state, sum(amount) AS messages FROM tally WHERE kind = 'message' GROUP BY state"
    ).fetchall()
    return {row["state"]: row["messages"] for row in rows if row["messages"]}


def amount(db: sqlite3.Connection, kind: str) -> int:
    """A count of its own: `opted_out` or `unmatched`."""
    return int(db.execute("SELECT coalesce(sum(amount), 0) FROM tally WHERE kind = ?", (kind,)).fetchone()[0])
