"""Outcomes of attempts: stores how each ended, and changes its part accordingly; closes as unknown what a crash left open.

`modemd.store.queue` has the theory of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from modemd.light_dataclass import dataclass
from modemd.rules import states
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.retry import repeat_at
from modemd.store import lanes
from modemd.store.events import REDACTED, RESENT, add_event
from modemd.store.queue import quotas
from modemd.store.timestamps import from_text, to_text
from modemd.store.transitions import advance_part, list_parts, update_message_state

# The condition of the index attempt_unanswered, word for word.
UNANSWERED_SQL = "outcome IN ('open', 'unknown')"
# `contact.written_at` is no more precise.
_WRITTEN_PRECISION = timedelta(days=1)


class AttemptResult(StrEnum):
    """Result of an attempt."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Outcome of an attempt. `find_retry_time` returns when a refused part is due again, from its tries and the end of its
    validity; None: never. `is_counted`: the try counts; a try without a network does not. `put_back`: earlier attempts whose
    parts have failed by the fault of the SIM, as this one has shown, and are queued again."""

    attempt_id: int
    result: AttemptResult
    written_at: datetime | None = None
    reference: int | None = None
    error: str | None = None
    find_retry_time: Callable[[int, datetime], datetime | None] | None = None
    is_counted: bool = True
    put_back: tuple[int, ...] = ()


def close_attempt(db: sqlite3.Connection, outcome: AttemptOutcome, now: datetime) -> None:
    """Stores the outcome of an attempt, and changes its part and message accordingly. An attempt closed before stays as it is,
    unless it was unknown and turns out accepted (a late `+CMGS`)."""
    part = db.execute(_ATTEMPTED, (outcome.attempt_id,)).fetchone()
    late = part["outcome"] == AttemptResult.UNKNOWN and outcome.result is AttemptResult.SENT
    if part["outcome"] != "open" and not late:
        return
    db.execute(
        """UPDATE attempt SET outcome = ?, written_at = coalesce(?, written_at), closed_at = ?, reference = ?, error = ?,
               matchable = ? WHERE id = ?""",
        (
            str(outcome.result),
            to_text(outcome.written_at) if outcome.written_at else None,
            to_text(now),
            outcome.reference,
            outcome.error,
            outcome.result in (AttemptResult.SENT, AttemptResult.UNKNOWN),
            outcome.attempt_id,
        ),
    )
    if outcome.result in (AttemptResult.REFUSED, AttemptResult.WITHDRAWN):
        quotas.uncount_part(db, part["sim"], MessageClass(part["class"]), part["opened_at"])
    elif part["last_sim"] != part["sim"]:
        lanes.prefer_sim(db, part["number"], part["sim"])
    for attempt in outcome.put_back:
        _put_back(db, attempt, now)
    if outcome.result in (AttemptResult.SENT, AttemptResult.UNKNOWN) and part["class"] != MessageClass.SYSTEM:
        _note_written(db, part, now)
    detail: dict[str, Any] = {"attempt": outcome.attempt_id, "error": outcome.error, "reference": outcome.reference}
    reason = None
    if outcome.result is AttemptResult.SENT:
        if not is_provable(part):
            return  # a late answer to an attempt whose part has moved on
        advance_part(db, part, states.PartEvent.ACCEPTED, now, **detail)
    elif part["state"] != states.PartState.SENDING:
        return  # evidence settled the part while its repeat was on the air
    elif outcome.result is AttemptResult.UNKNOWN:
        due = repeat_at(MessageClass(part["class"]), part["repeats"], now, from_text(part["validity_until"]))
        advance_part(db, part, states.PartEvent.LOST, now, {"due": to_text(due) if due is not None else None}, **detail)
        reason = "no_answer"
    elif outcome.result is AttemptResult.WITHDRAWN:
        advance_part(db, part, states.PartEvent.WITHDRAWN, now, {"tries": part["tries"] - 1}, **detail)
        _unbind_from_sim(db, part)
    else:
        reason = _apply_refusal(db, part, outcome, now)
    state = update_message_state(db, part["message_id"], now, reason)
    if part["has_notice"] and state in _SENT:
        _note_notice(db, part, now)


# States of a message that the network has accepted whole.
_SENT = frozenset({states.MessageState.SENT, states.MessageState.DELIVERED, states.MessageState.UNDELIVERED})


def _note_notice(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Stores that a message with the notice went to a contact: the next marketing needs none, unless its country wants it."""
    if part["noticed_at"] is None:
        db.execute("UPDATE contact SET noticed_at = ? WHERE number = ?", (to_text(now), part["number"]))


def _note_written(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Stores that a message left for a contact: once a day is enough, and spares the card the other writes."""
    noted = part["contact_written_at"]
    if noted is None or not now - _WRITTEN_PRECISION < from_text(noted) <= now:
        db.execute("UPDATE contact SET written_at = ? WHERE number = ?", (to_text(now), part["number"]))


# The part of an attempt, with columns of the attempt, the message and the contact.
_ATTEMPTED = """
    SELECT p.*, a.outcome, a.sim, a.opened_at, m.class, m.pinned, m.has_notice, m.expires_at AS validity_until, c.last_sim,
        c.written_at AS contact_written_at, c.noticed_at
    FROM attempt a JOIN part p ON p.id = a.part_id JOIN message m ON m.id = a.message_id
        LEFT JOIN contact c ON c.number = a.number
    WHERE a.id = ?
"""


def fail_message(db: sqlite3.Connection, message_id: int, reason: str, now: datetime) -> None:
    """Fails what waits of a message that can never be sent."""
    for part in list_parts(db, message_id):
        if part["state"] in (states.PartState.HELD, states.PartState.QUEUED):
            advance_part(db, part, states.PartEvent.REFUSED, now, error=reason)
    update_message_state(db, message_id, now, reason)


def is_provable(part: sqlite3.Row) -> bool:
    """Returns True if evidence that an attempt was accepted changes its part: on the air, unknown, or waiting to be repeated."""
    return part["state"] in (states.PartState.SENDING, states.PartState.UNKNOWN) or (
        part["state"] in (states.PartState.QUEUED, states.PartState.HELD) and part["repeats"] > 0
    )


def _apply_refusal(db: sqlite3.Connection, part: sqlite3.Row, outcome: AttemptOutcome, now: datetime) -> str | None:
    """Holds a refused part together with what is queued of its message, or fails them together. Returns the reason."""
    message_id = part["message_id"]
    # The validity binds before anything has left; the rest has its own, longer time.
    expires_at = part["expires_at"] if _may_have_left(db, message_id) else part["validity_until"]
    again = outcome.find_retry_time(part["tries"], from_text(expires_at)) if outcome.find_retry_time else None
    until = to_text(again) if again is not None else None
    for each in list_parts(db, message_id):
        own = each["id"] == part["id"]
        if own or each["state"] == states.PartState.QUEUED:
            if until is not None:
                event = states.PartEvent.PUT_OFF
            else:  # a refused repeat proves nothing about the first try, which stays unknown
                event = states.PartEvent.GIVEN_UP if each["repeats"] else states.PartEvent.REFUSED
            also: dict[str, object] = {"due": until}
            if own and not outcome.is_counted:
                also["tries"] = part["tries"] - 1
            advance_part(db, each, event, now, also, error=outcome.error, attempt=outcome.attempt_id, until=until)
    if until is not None:
        _unbind_from_sim(db, part)
    else:  # no part of a failed message is repeated
        db.execute("UPDATE part SET due = NULL WHERE message_id = ? AND state = 'unknown'", (message_id,))
    return outcome.error


def _put_back(db: sqlite3.Connection, attempt_id: int, now: datetime) -> None:
    """Queues again the part that has failed by an attempt, and what has failed with it of its message: parts that no modem was
    given, or that were refused. A message that a person has decided on since, by `resend`, `settle` or a redaction, stays as it
    is."""
    part = db.execute(_ATTEMPTED, (attempt_id,)).fetchone()
    if part is None or part["state"] != states.PartState.FAILED or _is_decided(db, part["message_id"]):
        return
    for each in list_parts(db, part["message_id"]):
        if each["state"] == states.PartState.FAILED:
            tries = {"tries": each["tries"] - 1} if each["id"] == part["id"] else {}
            advance_part(db, each, states.PartEvent.PUT_BACK, now, tries, attempt=attempt_id)
    _unbind_from_sim(db, part)
    db.execute("UPDATE attempt SET matchable = 1 WHERE message_id = ? AND outcome = 'sent'", (part["message_id"],))
    update_message_state(db, part["message_id"], now, also={"closed_at": None})


def _is_decided(db: sqlite3.Connection, message_id: int) -> bool:
    """Returns True if a person has sent a message once more, has said what became of it, or has removed its text."""
    decisions = (RESENT, REDACTED, states.PartEvent.SETTLED_SENT, states.PartEvent.SETTLED_NOT_SENT)
    sql = "SELECT 1 FROM event WHERE message_id = ? AND what IN (?, ?, ?, ?) LIMIT 1"
    return db.execute(sql, (message_id, *decisions)).fetchone() is not None


def has_successor(db: sqlite3.Connection, attempt_id: int) -> bool:
    """Returns True if another message of the class waits for the number of an attempt: order lets it start when the attempt's
    message is over, perhaps by another SIM."""
    sql = """
        SELECT 1 FROM attempt a JOIN part p ON p.id = a.part_id
            JOIN part q INDEXED BY part_in_flight ON q.number = p.number AND q.rank = p.rank AND q.message_id > p.message_id
                AND q.state IN ('queued', 'sending') AND q.state = 'queued'
        WHERE a.id = ? LIMIT 1
    """
    return db.execute(sql, (attempt_id,)).fetchone() is not None


def _unbind_from_sim(db: sqlite3.Connection, part: sqlite3.Row) -> None:
    """Binds a message of which nothing can have left to no SIM any more."""
    message_id, message_class = part["message_id"], MessageClass(part["class"])
    if _may_have_left(db, message_id):
        return
    db.execute("UPDATE message SET sim = NULL, reference = NULL WHERE id = ?", (message_id,))
    db.execute(
        "UPDATE part SET lane = ?, rank = ?, started = ?, expires_at = ? WHERE message_id = ?",
        (
            lanes.find_lane(db, part["number"], message_class, part["pinned"]),
            *QueuePlace(message_class).columns,
            part["validity_until"],
            message_id,
        ),
    )


def _may_have_left(db: sqlite3.Connection, message_id: int) -> bool:
    """Returns True if a part of a message is with a modem, or may have left."""
    sql = "SELECT 1 FROM attempt WHERE message_id = ? AND outcome IN ('open', 'sent', 'unknown') LIMIT 1"
    return db.execute(sql, (message_id,)).fetchone() is not None


def close_interrupted_attempts(db: sqlite3.Connection, now: datetime) -> int:
    """Closes as unknown the attempts that were on the air when the last process ended. Returns how many."""
    rows = db.execute(f"SELECT id, opened_at FROM attempt WHERE {UNANSWERED_SQL} AND outcome = 'open'").fetchall()  # noqa: S608 - our own words
    for row in sorted(rows, key=lambda each: each["id"]):
        close_attempt(
            db,
            AttemptOutcome(row["id"], AttemptResult.UNKNOWN, written_at=from_text(row["opened_at"]), error="restart"),
            now,
        )
        add_event(db, None, now, "recovered", attempt=row["id"])
    return len(rows)
