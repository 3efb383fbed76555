"""Holds for quiet hours: sets when held marketing is due anew, after the hours or the public holidays have changed."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.rules.quiet_hours.quiet_hours import QuietHours, QuietReason
from modemd.store.timestamps import from_text, to_text

MESSAGES_PER_STEP = 200
_HELD_SQL = f"""
    SELECT id, number, parts, expires_at FROM message INDEXED BY message_state
    WHERE state = 'held' AND class = 'marketing' AND id > ? AND reason IN ({", ".join(f"'{each}'" for each in QuietReason)})
    ORDER BY id LIMIT ?
"""  # noqa: S608 - our own words


def renew_step(
    db: sqlite3.Connection, quiet_hours: QuietHours, now: datetime, after: int = 0, limit: int = MESSAGES_PER_STEP
) -> int | None:
    """Sets when messages that are held for quiet hours are due, by the hours in force; those that may go are due now. `after`: the
    id of the last message of the step before. Returns that of this one; None if there was nothing left to do."""
    rows = db.execute(_HELD_SQL, (after, limit)).fetchall()
    for row in rows:
        hold, expires_at = quiet_hours.find_hold(row["number"], now, row["parts"]), from_text(row["expires_at"])
        due = now if hold is None else expires_at if hold.until is None else min(hold.until, expires_at)
        db.execute(
            "UPDATE part SET due = ? WHERE message_id = ? AND state = 'held' AND due IS NOT NULL",
            (to_text(due), row["id"]),
        )
    return rows[-1]["id"] if rows else None
