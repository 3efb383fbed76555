"""Retention: blanks texts, deletes rows and frees keys by age; each call takes one small step.

Statements of consent are never deleted: they prove who may be written to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from modemd.light_dataclass import dataclass
from modemd.store.timestamps import to_text

# A key is known for so long after its message has ended.
KEY_LIFETIME = timedelta(days=30)
# Deliveries to webhooks are listed for so long after they ended; dead letters longer, so that they can be sent again.
DELIVERED_LIFETIME = timedelta(days=1)
DEAD_LIFETIME = timedelta(days=30)
# Rows a step: a few milliseconds, also on a slow card.
ROWS_PER_STEP = 50


@dataclass(frozen=True, slots=True)
class RetentionAges:
    """Ages at which texts are blanked and rows are deleted; timedelta.max: never."""

    outbox_texts: timedelta
    outbox_rows: timedelta
    inbox_texts: timedelta
    inbox_rows: timedelta
    log: timedelta


def run_step(db: sqlite3.Connection, ages: RetentionAges, now: datetime) -> int:
    """Does one small step of the first work there is. Returns how many rows it took; 0: there is nothing to do."""
    work: tuple[tuple[Callable[[sqlite3.Connection, str, str], int], timedelta], ...] = (
        (_free_keys, KEY_LIFETIME),
        (_redact_messages, ages.outbox_texts),
        (_delete_messages, ages.outbox_rows),
        (_redact_inbox, ages.inbox_texts),
        (_delete_inbox, ages.inbox_rows),
        (_delete_log, ages.log),
        (partial(_delete_deliveries, state="delivered"), DELIVERED_LIFETIME),
        (partial(_delete_deliveries, state="dead"), DEAD_LIFETIME),
    )
    last = _find_last_event(db)
    for act, age in work:
        if age == timedelta.max:
            continue
        done = act(db, to_text(now - age), to_text(now))
        if done:
            if last is not None and _find_last_event(db) != last:
                # SQLite would give the id again, and who has read the feed (`store.changes.feed`) up to it would miss that event.
                db.execute("INSERT INTO event (id, at, what) VALUES (?, ?, 'rows deleted')", last)
            return done
    return 0


def _find_last_event(db: sqlite3.Connection) -> tuple[int, str] | None:
    """Returns id and time of the last event; None if there is none."""
    row = db.execute("SELECT id, at FROM event WHERE id = (SELECT max(id) FROM event)").fetchone()
    return (row["id"], row["at"]) if row is not None else None


def _free_keys(db: sqlite3.Connection, before: str, now: str) -> int:
    return db.execute(
        """UPDATE message SET key = NULL WHERE id IN (
               SELECT id FROM message INDEXED BY message_keyed
               WHERE closed_at <= ? AND key IS NOT NULL ORDER BY closed_at LIMIT ?)""",
        (before, ROWS_PER_STEP),
    ).rowcount


def redact_message(db: sqlite3.Connection, id: int, now: str) -> None:
    """Blanks the text of an outbound message."""
    db.execute(f"{_REDACT_MESSAGES} WHERE id = ?", (now, id))


def redact_inbound(db: sqlite3.Connection, ids: Sequence[int], now: str) -> None:
    """Blanks the texts of inbound messages."""
    db.executemany("UPDATE inbox SET text = '', redacted_at = ? WHERE id = ?", [(now, id) for id in ids])
    db.executemany("UPDATE inbox_part SET tpdu = x'' WHERE inbox_id = ?", [(id,) for id in ids])
    # An open review still needs its text.
    db.executemany(
        "UPDATE consent_review SET text = '' WHERE inbox_id = ? AND resolved_at IS NOT NULL", [(id,) for id in ids]
    )


_REDACT_MESSAGES = "UPDATE message SET text = '', submitted_text = NULL, redacted_at = ?"


def _redact_messages(db: sqlite3.Connection, before: str, now: str) -> int:
    return db.execute(
        f"""{_REDACT_MESSAGES}
           WHERE id IN (
               SELECT id FROM message INDEXED BY message_readable
               WHERE closed_at <= ? AND redacted_at IS NULL ORDER BY closed_at LIMIT ?)""",  # noqa: S608 - our own words
        (now, before, ROWS_PER_STEP),
    ).rowcount


def _delete_messages(db: sqlite3.Connection, before: str, now: str) -> int:
    ids = [
        (row["id"],)
        for row in db.execute(
            """SELECT id FROM message INDEXED BY message_redacted
               WHERE closed_at <= ? AND redacted_at IS NOT NULL ORDER BY closed_at LIMIT ?""",
            (before, ROWS_PER_STEP),
        )
    ]
    for statement in (
        "DELETE FROM report WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)",
        "DELETE FROM attempt WHERE message_id = ?",
        "DELETE FROM part WHERE message_id = ?",
        "DELETE FROM event WHERE message_id = ?",
        "DELETE FROM webhook_callback WHERE message_id = ?",
        "DELETE FROM message WHERE id = ?",
    ):
        db.executemany(statement, ids)
    return len(ids)


def _redact_inbox(db: sqlite3.Connection, before: str, now: str) -> int:
    ids = [
        row["id"]
        for row in db.execute(
            """SELECT id FROM inbox INDEXED BY inbox_readable
               WHERE stored_at <= ? AND redacted_at IS NULL ORDER BY stored_at LIMIT ?""",
            (before, ROWS_PER_STEP),
        )
    ]
    redact_inbound(db, ids, now)
    return len(ids)


def _delete_inbox(db: sqlite3.Connection, before: str, now: str) -> int:
    """Deletes inbound messages. One that a modem still holds would come in anew, so its row stays, without its text."""
    ids = [
        (row["id"],)
        for row in db.execute(
            """SELECT id FROM inbox INDEXED BY inbox_redacted
               WHERE stored_at <= ? AND redacted_at IS NOT NULL
                     AND NOT EXISTS (SELECT 1 FROM inbox_part p WHERE p.inbox_id = inbox.id AND p.slot IS NOT NULL)
               ORDER BY stored_at LIMIT ?""",
            (before, ROWS_PER_STEP),
        )
    ]
    db.executemany("UPDATE consent_review SET inbox_id = NULL WHERE inbox_id = ?", ids)
    db.executemany("DELETE FROM inbox_part WHERE inbox_id = ?", ids)
    db.executemany("DELETE FROM inbox WHERE id = ?", ids)
    return len(ids)


# Each by an index or the order in which its rows were made.
_LOG_DELETES = (
    # The last event stays, so that its id is not given again.
    """DELETE FROM event WHERE id IN (
           SELECT id FROM event INDEXED BY event_at
           WHERE message_id IS NULL AND at <= ? AND id < (SELECT max(id) FROM event) LIMIT ?)""",
    """DELETE FROM report WHERE id IN (
           SELECT id FROM report INDEXED BY report_old WHERE attempt_id IS NULL AND stored_at <= ? LIMIT ?)""",
    "DELETE FROM alarm WHERE id IN (SELECT id FROM alarm WHERE cleared_at <= ? ORDER BY id LIMIT ?)",
    """DELETE FROM schedule_run WHERE (schedule_id, local) IN (
           SELECT schedule_id, local FROM schedule_run INDEXED BY schedule_run_at WHERE at <= ? ORDER BY at LIMIT ?)""",
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit INDEXED BY audit_at WHERE at <= ? ORDER BY at LIMIT ?)",
    "DELETE FROM api_key_day WHERE (key, day) IN (SELECT key, day FROM api_key_day WHERE day <= ? LIMIT ?)",
    "DELETE FROM calendar_run WHERE (job, day) IN (SELECT job, day FROM calendar_run WHERE at <= ? LIMIT ?)",
)


def _delete_log(db: sqlite3.Connection, before: str, now: str) -> int:
    for statement in _LOG_DELETES:
        done = db.execute(statement, (before, ROWS_PER_STEP)).rowcount
        if done:
            return done
    return 0


def _delete_deliveries(db: sqlite3.Connection, before: str, now: str, *, state: str) -> int:
    return db.execute(
        """DELETE FROM webhook_delivery WHERE id IN (
               SELECT id FROM webhook_delivery INDEXED BY webhook_delivery_ended
               WHERE state = ? AND ended_at IS NOT NULL AND ended_at <= ? LIMIT ?)""",
        (state, before, ROWS_PER_STEP),
    ).rowcount
