"""Times as they are stored: ISO 8601 in UTC with microseconds, so that the order of texts is the order of times."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from functools import lru_cache


def to_text(moment: datetime) -> str:
    """Returns an aware datetime as stored text."""
    return _format(moment.astimezone(UTC))


# One `now` is stored in many rows of a transaction.
@lru_cache(maxsize=64)
def _format(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """Returns stored text as an aware datetime."""
    return datetime.fromisoformat(text)


def find_latest_stored(db: sqlite3.Connection) -> datetime | None:
    """Returns the latest moment at which something was stored; None if nothing was. Asks the last row of each table that
    grows."""
    found = [
        db.execute(f"SELECT {at} FROM {table} ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608 - our own constants
        for table, at in _GROWING_TABLES
    ]
    return max((from_text(row[0]) for row in found if row is not None), default=None)


_GROWING_TABLES = (("event", "at"), ("attempt", "opened_at"), ("report", "stored_at"), ("inbox_part", "stored_at"))
