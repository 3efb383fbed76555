"""The rows that tell a message's story, and the one place where parts and messages change state."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from modemd.rules import states
from modemd.store.moments import kept

_JSON = json.JSONEncoder(ensure_ascii=False)


def note(db: sqlite3.Connection, message_id: int | None, now: datetime, what: str, **detail: object) -> None:
    """Leave an event row. `detail` is kept as JSON, without the entries that are None."""
    told = {key: value for key, value in detail.items() if value is not None}
    db.execute(
        "INSERT INTO event (message_id, at, what, detail) VALUES (?, ?, ?, ?)",
        (message_id, kept(now), what, _JSON.encode(told) if told else None),
    )


def advance(db: sqlite3.Connection, part: sqlite3.Row, event: states.Event, now: datetime, **detail: object) -> None:
    """Take a part through the table of states. `refresh` its message afterwards."""
    state = states.after(states.Part(part["state"]), event)
    db.execute("UPDATE part SET state = ?, due = NULL WHERE id = ?", (state, part["id"]))
    note(db, part["message_id"], now, event, part=part["seq"], **detail)


def parts_of(db: sqlite3.Connection, message_id: int) -> list[sqlite3.Row]:
    """All parts of a message, in order."""
    return db.execute("SELECT * FROM part WHERE message_id = ? ORDER BY seq", (message_id,)).fetchall()


def refresh(db: sqlite3.Connection, message_id: int, now: datetime, reason: str | None = None) -> states.Message:
    """Let a message's state follow from its parts; `reason` is kept where it is told, and the one
    before where a part has ended without being delivered."""
    parts = parts_of(db, message_id)
    message = db.execute("SELECT state, sent_at FROM message WHERE id = ?", (message_id,)).fetchone()
    own = [states.Part(part["state"]) for part in parts]
    state = states.message_state(own, tried=any(part["tries"] for part in parts))
    if state == message["state"] and reason is None:
        return state
    all_left = all(part in states.LEFT for part in own)
    db.execute(
        """UPDATE message SET state = :state, reason = coalesce(:reason, CASE WHEN :ended THEN reason END),
               sent_at = CASE WHEN :left THEN coalesce(sent_at, :now) ELSE sent_at END,
               closed_at = CASE WHEN :final THEN coalesce(closed_at, :now) ELSE closed_at END
           WHERE id = :id""",
        {
            "id": message_id,
            "state": state,
            "reason": reason,
            "ended": bool(states.FINAL_PARTS & set(own) - {states.Part.DELIVERED}),
            "left": all_left,
            "final": state in states.FINAL_MESSAGES,
            "now": kept(now),
        },
    )
    if state in states.FINAL_MESSAGES and not states.AWAITING_REPORT & set(own):
        # Nothing more is expected of its attempts: reports no longer look at them. One that stayed unknown is looked at all the
        # same: a report may be its own, and must not be taken for proof of another that is unknown too.
        db.execute("UPDATE attempt SET matchable = 0 WHERE message_id = ? AND outcome <> 'unknown'", (message_id,))
    if state != message["state"]:
        note(db, message_id, now, f"message {state}", reason=reason)
    return state
