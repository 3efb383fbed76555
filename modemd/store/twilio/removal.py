"""Removal of a text before its time, and of a message from the list of Twilio's API. The row stays: counts, quotas and the proof
of what was sent need it."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.rules import states
from modemd.store import retention
from modemd.store.events import REDACTED, Authorship, add_event
from modemd.store.timestamps import to_text

# All of the message has left or never will: its text is not needed any more.
_ENDED = states.FINAL_MESSAGES | {states.MessageState.SENT}


def redact_outbound(db: sqlite3.Connection, id: int, authorship: Authorship, now: datetime) -> None:
    """Blanks the text of an outbound message that has ended. Raises Refused (`not_found`, `on_its_way`)."""
    row = db.execute("SELECT state, redacted_at FROM message WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no message {id}")
    if row["state"] not in _ENDED:
        raise Refused(
            ErrorCode.ON_ITS_WAY,
            f"message {id} is {row['state']} and needs its text; wait for its end, or cancel it first",
        )
    if row["redacted_at"] is None:
        retention.redact_message(db, id, to_text(now))
        add_event(db, id, now, REDACTED, by=authorship.by, why=authorship.why)


def redact_inbound(db: sqlite3.Connection, id: int, authorship: Authorship, now: datetime) -> None:
    """Blanks the text of an inbound message. Raises Refused (`not_found`)."""
    row = db.execute(
        "SELECT redacted_at FROM inbox WHERE id = ? AND (complete = 1 OR shown_at IS NOT NULL)", (id,)
    ).fetchone()
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no inbound message {id}")
    if row["redacted_at"] is None:
        retention.redact_inbound(db, [id], to_text(now))
        add_event(db, None, now, REDACTED, inbox=id, by=authorship.by, why=authorship.why)


def delete_outbound(db: sqlite3.Connection, id: int, authorship: Authorship, now: datetime) -> None:
    """Blanks the text of an outbound message that has ended, and takes it off the list of Twilio's API. Raises Refused
    (`not_found`, `on_its_way`)."""
    redact_outbound(db, id, authorship, now)
    db.execute("UPDATE message SET deleted_at = ? WHERE id = ?", (to_text(now), id))


def delete_inbound(db: sqlite3.Connection, id: int, authorship: Authorship, now: datetime) -> None:
    """Blanks the text of an inbound message, and takes it off the list of Twilio's API. Raises Refused (`not_found`)."""
    redact_inbound(db, id, authorship, now)
    db.execute("UPDATE inbox SET deleted_at = ? WHERE id = ?", (to_text(now), id))
