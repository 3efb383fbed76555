"""Times as they lie in the database: ISO 8601 in UTC with microseconds, so that text order is time order."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from functools import lru_cache


def to_text(moment: datetime) -> str:
    """An aware datetime as stored text."""
    return _format(moment.astimezone(UTC))


# One `now` is stored in many rows of a transaction.
@lru_cache(maxsize=64)
def _format(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """Stored text as an aware datetime."""
    return datetime.fromisoformat(text)


def find_latest_stored(db: sqlite3.Connection) -> datetime | None:
    """The latest moment at which something was stored; None where nothing was. Each table grows at its end."""
    found = [
        db.execute(f"SELECT {at} FROM {table} ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608 - our own constants
        for table, at in _GROWING_TABLES
    ]
    return max((from_text(row[0]) for row in found if row is not None), default=None)


_GROWING_TABLES = (("event", "at"), ("attempt", "opened_at"), ("report", "stored_at"), ("inbox_part", "stored_at"))
