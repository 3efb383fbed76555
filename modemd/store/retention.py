"""Retention: blanks texts, deletes rows and frees keys by age; each call takes one small step.

Statements of consent are never deleted: they prove who may be written to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.store.timestamps import to_text

# A key is known for so long after its message has ended.
KEY_LIFETIME = timedelta(days=30)
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
    )
    for act, age in work:
        if age == timedelta.max:
            continue
        done = act(db, to_text(now - age), to_text(now))
        if done:
            return done
    return 0


def _free_keys(db: sqlite3.Connection, before: str, now: str) -> int:
    return db.execute(
        """UPDATE message SET key = NULL WHERE id IN (
               SELECT id FROM message INDEXED BY message_keyed
               WHERE closed_at <= ? AND key IS NOT NULL ORDER BY closed_at LIMIT ?)""",
        (before, ROWS_PER_STEP),
    ).rowcount


def _redact_messages(db: sqlite3.Connection, before: str, now: str) -> int:
    return db.execute(
        """UPDATE message SET text = '', submitted_text = NULL, redacted_at = ?
           WHERE id IN (
               SELECT id FROM message INDEXED BY message_readable
               WHERE closed_at <= ? AND redacted_at IS NULL ORDER BY closed_at LIMIT ?)""",
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
    db.executemany("UPDATE inbox SET text = '', redacted_at = ? WHERE id = ?", [(now, id) for id in ids])
    db.executemany("UPDATE inbox_part SET tpdu = x'' WHERE inbox_id = ?", [(id,) for id in ids])
    # An open review still needs its text.
    db.executemany(
        "UPDATE consent_review SET text = '' WHERE inbox_id = ? AND resolved_at IS NOT NULL", [(id,) for id in ids]
    )
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
    "DELETE FROM event WHERE id IN (SELECT id FROM event INDEXED BY event_at WHERE message_id IS NULL AND at <= ? LIMIT ?)",
    """DELETE FROM report WHERE id IN (
           SELECT id FROM report INDEXED BY report_old WHERE attempt_id IS NULL AND stored_at <= ? LIMIT ?)""",
    "DELETE FROM alarm WHERE id IN (SELECT id FROM alarm WHERE cleared_at <= ? ORDER BY id LIMIT ?)",
    """DELETE FROM schedule_run WHERE (schedule_id, local) IN (
           SELECT schedule_id, local FROM schedule_run INDEXED BY schedule_run_at WHERE at <= ? ORDER BY at LIMIT ?)""",
    "DELETE FROM calendar_run WHERE (job, day) IN (SELECT job, day FROM calendar_run WHERE at <= ? LIMIT ?)",
)


def _delete_log(db: sqlite3.Connection, before: str, now: str) -> int:
    for statement in _LOG_DELETES:
        done = db.execute(statement, (before, ROWS_PER_STEP)).rowcount
        if done:
            return done
    return 0
