"""Outcomes of attempts: stores what became of each, and what follows for its part."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from modemd.rules import states
from modemd.rules.classes import MessageClass, waiting_rank
from modemd.store import lanes
from modemd.store.journal import advance, note, parts_of, refresh
from modemd.store.queue import quotas
from modemd.store.timestamps import kept, moment

# The condition of the index attempt_unanswered, word for word.
UNANSWERED = "outcome IN ('open', 'unknown')"


class Result(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `retry` says when a refused part is due again, from its tries and validity; None: never.
    `counts`: whether the try counts; one for which there was no network does not."""

    attempt_id: int
    result: Result
    written_at: datetime | None = None
    reference: int | None = None
    error: str | None = None
    retry: Callable[[int, datetime], datetime | None] | None = None
    counts: bool = True


def close(db: sqlite3.Connection, outcome: Outcome, now: datetime) -> None:
    """Keep what became of an attempt, and what follows for its part and message. An attempt closed before stays as it is,
    unless it was unknown and turns out accepted (a late `+CMGS`)."""
    part = db.execute(_ATTEMPTED, (outcome.attempt_id,)).fetchone()
    late = part["outcome"] == Result.UNKNOWN and outcome.result is Result.SENT
    if part["outcome"] != "open" and not late:
        return
    db.execute(
        """UPDATE attempt SET outcome = ?, written_at = coalesce(?, written_at), closed_at = ?, reference = ?, error = ?,
               matchable = ? WHERE id = ?""",
        (
            str(outcome.result),
            kept(outcome.written_at) if outcome.written_at else None,
            kept(now),
            outcome.reference,
            outcome.error,
            outcome.result in (Result.SENT, Result.UNKNOWN),
            outcome.attempt_id,
        ),
    )
    if outcome.result in (Result.REFUSED, Result.WITHDRAWN):
        quotas.give_back(db, part["sim"], MessageClass(part["class"]), part["opened_at"])
    elif part["last_sim"] != part["sim"]:
        lanes.talks_with(db, part["number"], part["sim"])
    detail: dict[str, Any] = {"attempt": outcome.attempt_id, "error": outcome.error, "reference": outcome.reference}
    reason = None
    if outcome.result is Result.SENT:
        if not proves(part):
            return  # a late answer to an attempt whose part has moved on
        advance(db, part, states.Event.ACCEPTED, now, **detail)
    elif part["state"] != states.Part.SENDING:
        return  # evidence settled the part while its repeat was on the air
    elif outcome.result is Result.UNKNOWN:
        advance(db, part, states.Event.LOST, now, {"due": _repeat_due(part, now)}, **detail)
        reason = "no_answer"
    elif outcome.result is Result.WITHDRAWN:
        advance(db, part, states.Event.WITHDRAWN, now, {"tries": part["tries"] - 1}, **detail)
        _release(db, part)
    else:
        reason = _refused(db, part, outcome, now)
    refresh(db, part["message_id"], now, reason)


# The part of an attempt, with what is to be known of the attempt, the message and the contact.
_ATTEMPTED = """
    SELECT p.*, a.outcome, a.sim, a.opened_at, m.class, m.pinned, m.expires_at AS validity_until, c.last_sim
    FROM attempt a JOIN part p ON p.id = a.part_id JOIN message m ON m.id = a.message_id
        LEFT JOIN contact c ON c.number = a.number
    WHERE a.id = ?
"""


def fail(db: sqlite3.Connection, message_id: int, reason: str, now: datetime) -> None:
    """Fail what waits of a message that can never be sent."""
    for part in parts_of(db, message_id):
        if part["state"] in (states.Part.HELD, states.Part.QUEUED):
            advance(db, part, states.Event.REFUSED, now, error=reason)
    refresh(db, message_id, now, reason)


def proves(part: sqlite3.Row) -> bool:
    """Whether evidence that an attempt was accepted changes its part: on the air, unknown, or waiting to be repeated."""
    return part["state"] in (states.Part.SENDING, states.Part.UNKNOWN) or (
        part["state"] in (states.Part.QUEUED, states.Part.HELD) and part["repeats"] > 0
    )


def _repeat_due(part: sqlite3.Row, now: datetime) -> str | None:
    """An alarm or otp of unknown outcome is sent again, once, if no evidence comes first and it is still valid."""
    wait = MessageClass(part["class"]).repeats_after
    if wait is None or part["repeats"] or now + wait >= moment(part["validity_until"]):
        return None
    return kept(now + wait)


def _refused(db: sqlite3.Connection, part: sqlite3.Row, outcome: Outcome, now: datetime) -> str | None:
    """A refusal: the part and its waiting rest are put off together, or fail together."""
    message_id = part["message_id"]
    # The validity binds before anything has left; the rest has its own, longer time.
    expires_at = part["expires_at"] if _left(db, message_id) else part["validity_until"]
    again = outcome.retry(part["tries"], moment(expires_at)) if outcome.retry else None
    until = kept(again) if again is not None else None
    for each in parts_of(db, message_id):
        own = each["id"] == part["id"]
        if own or each["state"] == states.Part.QUEUED:
            if until is not None:
                event = states.Event.PUT_OFF
            else:  # that a repeat was refused says nothing about the first: it stays as unknown as it was
                event = states.Event.GIVEN_UP if each["repeats"] else states.Event.REFUSED
            also: dict[str, object] = {"due": until}
            if own and not outcome.counts:
                also["tries"] = part["tries"] - 1
            advance(db, each, event, now, also, error=outcome.error, attempt=outcome.attempt_id, until=until)
    if until is not None:
        _release(db, part)
    else:  # no part of a failed message is repeated
        db.execute("UPDATE part SET due = NULL WHERE message_id = ? AND state = 'unknown'", (message_id,))
    return outcome.error


def _release(db: sqlite3.Connection, part: sqlite3.Row) -> None:
    """Give a message of which nothing can have left back to every SIM."""
    message_id, message_class = part["message_id"], MessageClass(part["class"])
    if _left(db, message_id):
        return
    db.execute("UPDATE message SET sim = NULL, reference = NULL WHERE id = ?", (message_id,))
    db.execute(
        "UPDATE part SET lane = ?, rank = ?, expires_at = ? WHERE message_id = ?",
        (
            lanes.lane_of(db, part["number"], message_class, part["pinned"]),
            waiting_rank(message_class),
            part["validity_until"],
            message_id,
        ),
    )


def _left(db: sqlite3.Connection, message_id: int) -> bool:
    """Whether a part of a message is with a modem, or may have left."""
    sql = "SELECT 1 FROM attempt WHERE message_id = ? AND outcome IN ('open', 'sent', 'unknown') LIMIT 1"
    return db.execute(sql, (message_id,)).fetchone() is not None


def recover(db: sqlite3.Connection, now: datetime) -> int:
    """After a start: what was on the air when the process ended is unknown. How many attempts."""
    rows = db.execute(f"SELECT id, opened_at FROM attempt WHERE {UNANSWERED} AND outcome = 'open'").fetchall()  # noqa: S608 - our own words
    for row in sorted(rows, key=lambda each: each["id"]):
        close(db, Outcome(row["id"], Result.UNKNOWN, written_at=moment(row["opened_at"]), error="restart"), now)
        note(db, None, now, "recovered", attempt=row["id"])
    return len(rows)
