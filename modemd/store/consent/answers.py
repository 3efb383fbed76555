"""Automatic answers to words of consent: what was sent to whom lately, by which further answers are bounded."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.consent.answers import find_prefix
from modemd.rules.consent.texts.kinds import TextKind
from modemd.store.timestamps import to_text

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# Older answers bound nothing.
LIFETIME = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """Counts of automatic answers. `kinds`: of those to the number in 24 hours; `number_day`: how many these are; `prefix_hour`
    and `hour`: to numbers with the same prefix, and in all, in the last hour."""

    kinds: tuple[TextKind, ...]
    number_day: int
    prefix_hour: int
    hour: int


@dataclass(frozen=True, slots=True)
class StatementCounts:
    """Counts of what a number said about its consent by SMS within 24 hours: all `words`, and the `changes` of its mind."""

    words: int
    changes: int


def note(db: sqlite3.Connection, message_id: int, number: str, kind: TextKind, now: datetime) -> None:
    """Stores that an answer was queued, and forgets those that are old."""
    db.execute("DELETE FROM consent_answer WHERE at < ?", (to_text(now - LIFETIME),))
    db.execute(
        "INSERT INTO consent_answer (message_id, number, prefix, kind, at) VALUES (?, ?, ?, ?, ?)",
        (message_id, number, find_prefix(number), kind, to_text(now)),
    )


def read_counts(db: sqlite3.Connection, number: str, now: datetime) -> AnswerCounts:
    """Returns the answers that were queued lately. To the number, an answer that a later word has cancelled does not count."""
    since_day, since_hour = to_text(now - DAY), to_text(now - HOUR)
    rows = db.execute(
        """SELECT a.kind FROM consent_answer a LEFT JOIN message m ON m.id = a.message_id
           WHERE a.number = ? AND a.at > ? AND m.state IS NOT 'cancelled'""",
        (number, since_day),
    ).fetchall()
    prefix = db.execute(
        "SELECT count(*) FROM consent_answer WHERE prefix = ? AND at > ?", (find_prefix(number), since_hour)
    ).fetchone()[0]
    hour = db.execute("SELECT count(*) FROM consent_answer WHERE at > ?", (since_hour,)).fetchone()[0]
    return AnswerCounts(tuple(TextKind(row["kind"]) for row in rows), len(rows), prefix, hour)


def read_statements(db: sqlite3.Connection, number: str, now: datetime) -> StatementCounts:
    """Returns what a number said by SMS within 24 hours, the present word included."""
    rows = db.execute(
        """SELECT action, list FROM consent_event WHERE number = ? AND channel = 'sms' AND at > ?
               AND action IN ('opt_in', 'opt_out', 'confirm') ORDER BY id""",
        (number, to_text(now - DAY)),
    ).fetchall()
    said = [(row["action"] == "opt_out", row["list"]) for row in rows]
    changes = sum(1 for before, after in zip([None, *said], said, strict=False) if before != after)
    return StatementCounts(len(said), changes)
