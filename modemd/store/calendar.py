"""Calendar work that was done, once per job and local date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta

from modemd.store.moments import kept

_DAY = timedelta(days=1)


Work = Callable[[sqlite3.Connection, datetime], None]


def once(db: sqlite3.Connection, job: str, day: date, work: Work, now: datetime) -> bool:
    """Run `work` unless `job` has run on that local `day`; whether it ran."""
    new = db.execute(
        "INSERT INTO calendar_run (job, day, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (job, day.isoformat(), kept(now)),
    )
    if not new.rowcount:
        return False
    work(db, now)
    return True


def keep_house(db: sqlite3.Connection, now: datetime) -> None:
    """Nightly: look no longer for evidence about messages that ended a day ago, and let SQLite renew the statistics by which
    it plans queries, where they have grown stale."""
    db.execute(
        """UPDATE attempt SET matchable = 0
           WHERE matchable = 1 AND outcome IN ('open', 'unknown')
                 AND message_id IN (SELECT id FROM message WHERE closed_at <= ?)""",
        (kept(now - _DAY),),
    )
    db.execute("PRAGMA analysis_limit = 1000")
    db.execute("PRAGMA optimize")
