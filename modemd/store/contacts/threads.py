"""Threads: the messages to and from one number, in the order of time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from modemd.store.rows import ThreadRow, read_row
from modemd.store.timestamps import to_text

ThreadPlace = tuple[str, str, int]
"""Place in a thread: time, direction and id of a message."""

_BOTH = """
    SELECT 'out' AS direction, id, coalesce(sent_at, created_at) AS at, text, class AS kind, state, sim
    FROM message WHERE number IN ({marks})
    UNION ALL
    SELECT 'in', id, coalesce(shown_at, stored_at), text, kind, NULL, to_sim
    FROM inbox WHERE sender IN ({marks}) AND (complete = 1 OR shown_at IS NOT NULL)
"""


def list_thread(
    db: sqlite3.Connection,
    numbers: Sequence[str],
    *,
    since: datetime | None = None,
    before: ThreadPlace | None = None,
    limit: int = 50,
) -> list[ThreadRow]:
    """Returns the newest messages to and from any of `numbers`, oldest first; `limit` 0 means all. `since`: only from then on;
    `before`: only those before this place."""
    both = _BOTH.format(marks=", ".join("?" * len(numbers)))
    where = "at >= ?" if before is None else "at >= ? AND (at, direction, id) < (?, ?, ?)"
    sql = f"SELECT * FROM ({both}) WHERE {where} ORDER BY at DESC, direction DESC, id DESC LIMIT ?"  # noqa: S608 - our own words
    values = (*numbers, *numbers, to_text(since) if since else "", *(before or ()), limit or -1)
    return [read_row(ThreadRow, row) for row in db.execute(sql, values).fetchall()][::-1]
