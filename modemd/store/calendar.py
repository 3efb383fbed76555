"""Calendar work that was done, once per job and local date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime

from modemd.store.moments import kept


def once(
    db: sqlite3.Connection, job: str, day: date, change: Callable[[sqlite3.Connection], None], now: datetime
) -> bool:
    """Run `change` unless `job` has run on that local `day`; whether it ran."""
    new = db.execute(
        "INSERT INTO calendar_run (job, day, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (job, day.isoformat(), kept(now)),
    )
    if not new.rowcount:
        return False
    change(db)
    return True


def optimise(db: sqlite3.Connection) -> None:
    """Let SQLite renew the statistics by which it plans queries, where they have grown stale."""
    db.execute("PRAGMA analysis_limit = 1000")
    db.execute("PRAGMA optimize")
