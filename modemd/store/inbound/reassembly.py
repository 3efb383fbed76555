"""Reassembly of inbound messages in the database: finds the set that a part belongs to, and shows sets that stay incomplete.

The parts of a long message are kept until all are there, or until 72 hours have passed. `inbox.py` stores them.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from modemd.store.events import add_event
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.timestamps import from_text, to_text

# So long a set waits for its missing parts.
INCOMPLETE_AFTER = timedelta(hours=72)
# Event of a message from which on it is listed. By the order of the events nothing that came in is missed: the parts of a long
# message have an id before the last of them is there.
RECEIVED = "inbox received"


def find_open_set(db: sqlite3.Connection, arrival: Arrival, now: datetime) -> int | None:
    """Returns the newest set that still lacks this part; None if a new one begins. A place that is taken begins a new set, and so
    does a stamp that is too far from the set's: senders use references again."""
    if arrival.set_key is None:
        return None
    rows = db.execute(
        """SELECT i.id, i.sent_at FROM inbox_part p JOIN inbox i ON i.id = p.inbox_id
           WHERE p.set_key = ? AND i.to_sim = ? AND i.complete = 0 AND i.stored_at > ?
                 AND NOT EXISTS (SELECT 1 FROM inbox_part o WHERE o.inbox_id = i.id AND o.seq = ?)
           ORDER BY p.id DESC""",
        (arrival.set_key, arrival.sim, to_text(now - INCOMPLETE_AFTER), arrival.seq),
    )
    return next((int(row["id"]) for row in rows if _is_close(arrival, row["sent_at"])), None)


def _is_close(arrival: Arrival, stamp: str | None) -> bool:
    """True if the network's stamp of a set can be of the same message as an arrival's. No stamp proves nothing."""
    return stamp is None or arrival.sent_at is None or abs(from_text(stamp) - arrival.sent_at) <= arrival.spread


def show_incomplete(db: sqlite3.Connection, now: datetime) -> int:
    """Shows, marked as incomplete, the sets that have waited long enough. Returns how many."""
    shown = db.execute(
        "UPDATE inbox SET shown_at = ? WHERE complete = 0 AND shown_at IS NULL AND stored_at <= ? RETURNING id",
        (to_text(now), to_text(now - INCOMPLETE_AFTER)),
    ).fetchall()
    for row in shown:
        add_event(db, None, now, RECEIVED, inbox=row["id"])
    return len(shown)


def find_next_due(db: sqlite3.Connection) -> datetime | None:
    """Returns when the next set will have waited long enough; None if none waits."""
    oldest = db.execute("SELECT min(stored_at) FROM inbox WHERE complete = 0 AND shown_at IS NULL").fetchone()[0]
    return from_text(oldest) + INCOMPLETE_AFTER if oldest else None
