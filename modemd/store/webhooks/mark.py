"""Mark: the position in the change feed up to which the deliveries to webhooks are made."""

from __future__ import annotations

import sqlite3

from modemd.store.changes import feed
from modemd.store.changes.feed import Cursor


def read(db: sqlite3.Connection) -> Cursor | None:
    """Returns the mark; None if there is nobody to tell."""
    row = db.execute("SELECT cursor FROM webhook_mark").fetchone()
    return feed.parse_cursor(row["cursor"]) if row is not None else None


def start(db: sqlite3.Connection, cursor: Cursor) -> None:
    """Sets the mark if there is none: from this position on there is somebody to tell."""
    db.execute("INSERT INTO webhook_mark (id, cursor) VALUES (1, ?) ON CONFLICT DO NOTHING", (str(cursor),))


def move(db: sqlite3.Connection, cursor: Cursor) -> None:
    """Moves the mark, if there is one."""
    db.execute("UPDATE webhook_mark SET cursor = ?", (str(cursor),))


def end_if_idle(db: sqlite3.Connection) -> None:
    """Deletes the mark if there is nobody to tell any more: then nobody reads the feed."""
    db.execute(
        """DELETE FROM webhook_mark
           WHERE NOT EXISTS (SELECT 1 FROM webhook) AND NOT EXISTS (SELECT 1 FROM webhook_callback)"""
    )
