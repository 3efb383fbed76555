"""Due work on messages: promotion, expiry, and closing."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from modemd.rules import states
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import LAST_URGENT_RANK
from modemd.store import lanes
from modemd.store.ending import end_overdue_parts
from modemd.store.events import add_event
from modemd.store.timestamps import from_text, to_text
from modemd.store.transitions import advance_part, update_message_state

_DAY = timedelta(days=1)


def promote_due(db: sqlite3.Connection, now: datetime, limit: int = 500, *, trusted: bool = True) -> set[int]:
    """Queues what is due: held parts, and unknown ones of classes that are sent at least once. Returns the ids of their messages.
    While the clock is not `trusted`, queues only alarms, OTPs and what was tried before: the calendar stops."""
    going_on = "" if trusted else f"AND {_CLOCK_INDEPENDENT_SQL}"
    due = db.execute(
        f"SELECT * FROM part WHERE due <= :now {going_on} ORDER BY due, id LIMIT :limit",  # noqa: S608 - our own constant
        {"now": to_text(now), "last_urgent_rank": LAST_URGENT_RANK, "limit": limit},
    ).fetchall()
    for part in due:
        if part["state"] == states.PartState.UNKNOWN:
            _requeue_unknown(db, part, now)
        else:
            _choose_lane(db, part, now)
            advance_part(db, part, states.PartEvent.PROMOTED, now)
    messages = {part["message_id"] for part in due}
    for message_id in messages:
        update_message_state(db, message_id, now)
    return messages


def _choose_lane(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Puts a part that is queued now in its lane; a part in the lane of one SIM stays there."""
    if lanes.read_lane(db, part["lane"]).is_shared:
        message = db.execute("SELECT class FROM message WHERE id = ?", (part["message_id"],)).fetchone()
        lane = lanes.find_lane(db, part["number"], MessageClass(message["class"]), None)
        db.execute("UPDATE part SET lane = ?, queued_at = ? WHERE id = ?", (lane, to_text(now), part["id"]))


# What a clock that is not trusted does not stop: alarms and OTPs, and what was tried before.
_CLOCK_INDEPENDENT_SQL = "(tries > 0 OR rank <= :last_urgent_rank)"


def find_next_clock_independent(db: sqlite3.Connection) -> datetime | None:
    """Returns when something is due next that goes on while the clock is not trusted; None if nothing is."""
    sql = f"SELECT min(due) FROM part WHERE due IS NOT NULL AND {_CLOCK_INDEPENDENT_SQL}"  # noqa: S608 - the same
    due = db.execute(sql, {"last_urgent_rank": LAST_URGENT_RANK}).fetchone()[0]
    return from_text(due) if due is not None else None


def _requeue_unknown(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Queues an unknown part once more, while its message is valid: a lone part for any SIM, one of several for the SIM whose
    concatenation reference it carries. A part that is no longer valid stays unknown."""
    message = db.execute(
        "SELECT parts, class, pinned, expires_at FROM message WHERE id = ?", (part["message_id"],)
    ).fetchone()
    if message["expires_at"] <= to_text(now):
        db.execute("UPDATE part SET due = NULL WHERE id = ?", (part["id"],))
        return
    lane = part["lane"]
    if message["parts"] == 1:
        lane = lanes.find_lane(db, part["number"], MessageClass(message["class"]), message["pinned"])
    db.execute(
        "UPDATE part SET repeats = repeats + 1, lane = ?, expires_at = ? WHERE id = ?",
        (lane, message["expires_at"], part["id"]),
    )
    advance_part(db, part, states.PartEvent.REPEATED, now)


def expire_overdue(db: sqlite3.Connection, now: datetime, limit: int = 500) -> int:
    """Ends parts that wait past their validity. Returns how many."""
    over = db.execute(
        "SELECT * FROM part WHERE expires_at <= ? AND state IN ('held', 'queued') LIMIT ?", (to_text(now), limit)
    ).fetchall()
    end_overdue_parts(db, over, now)
    return len(over)


def close_overdue(db: sqlite3.Connection, now: datetime, limit: int = 500) -> int:
    """Closes messages that are `sent` or `unknown` a day past their validity; they keep that state. Returns how many."""
    rows = db.execute(
        """SELECT id FROM message INDEXED BY message_open
           WHERE state IN ('sent', 'unknown') AND closed_at IS NULL AND expires_at <= ? LIMIT ?""",
        (to_text(now - _DAY), limit),
    ).fetchall()
    for row in rows:
        db.execute("UPDATE message SET closed_at = ? WHERE id = ?", (to_text(now), row["id"]))
        db.execute("UPDATE attempt SET matchable = 0 WHERE message_id = ?", (row["id"],))
        add_event(db, row["id"], now, "closed")
    return len(rows)


def find_next_due(db: sqlite3.Connection) -> datetime | None:
    """Returns when something is due next: a promotion, an expiry, or a closing; None if nothing is."""
    found = [
        db.execute("SELECT min(due) FROM part WHERE due IS NOT NULL").fetchone()[0],
        db.execute("SELECT min(expires_at) FROM part WHERE state IN ('held', 'queued')").fetchone()[0],
    ]
    moments = [from_text(text) for text in found if text is not None]
    closing = db.execute(
        """SELECT min(expires_at) FROM message INDEXED BY message_open
           WHERE state IN ('sent', 'unknown') AND closed_at IS NULL"""
    ).fetchone()[0]
    if closing is not None:
        moments.append(from_text(closing) + _DAY)
    return min(moments, default=None)
