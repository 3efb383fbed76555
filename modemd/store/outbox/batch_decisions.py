"""Decisions of a person about a batch: cancels, pauses and resumes what of it has not begun, in small steps.

A batch that is being cancelled or is paused is `held`, so that nobody else promotes its rows. A step looks at the messages behind
the last one of the step before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import states
from modemd.rules.pauses import BATCH_PAUSED
from modemd.rules.sending_rules import SendingRules
from modemd.store.events import Authorship, add_event
from modemd.store.outbox import batches, decisions
from modemd.store.timestamps import to_text
from modemd.store.transitions import advance_part, list_parts, release_message, update_message_state

# Reason of a batch that is being cancelled: what was not promoted yet is never sent.
CANCELLING = "cancelling"
# Reason of a batch whose messages go on one after the other.
RESUMING = "resuming"
# What a person has decided, by the reason that its steps have.
DECISIONS = {CANCELLING: "cancel", BATCH_PAUSED: "pause", RESUMING: "resume"}
_TOLD = {CANCELLING: "batch cancelled", BATCH_PAUSED: "batch paused", RESUMING: "batch resumed"}


@dataclass(frozen=True, slots=True)
class BatchStep:
    """Result of a step: how many messages it has changed, and the last message that it has looked at; None if it was the last
    step. `is_superseded`: it has changed nothing, because another decision about the batch holds by now."""

    changed: int
    last: int | None
    is_superseded: bool = False


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """Decision about a batch: its reason, and who decided it and why."""

    batch: int
    reason: str
    authorship: Authorship


def list_stored_decisions(db: sqlite3.Connection) -> list[StoredDecision]:
    """Returns the decisions that hold for batches, also those whose steps a crash has cut short."""
    rows = db.execute(
        "SELECT id, reason, decided_by, decided_why FROM batch WHERE reason IN (?, ?, ?) ORDER BY id",
        (CANCELLING, BATCH_PAUSED, RESUMING),
    )
    return [StoredDecision(row["id"], row["reason"], Authorship(row["decided_by"], row["decided_why"])) for row in rows]


def hold(db: sqlite3.Connection, batch: int, reason: str, authorship: Authorship, now: datetime) -> None:
    """Stops the promotion of a batch, and stores the decision, also if all its rows are messages. Raises Refused with
    `not_found`, with `staging` if it is not accepted yet, or with `cancelling` if a cancel of it has not ended."""
    found = batches.read_batch(db, batch)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no batch {batch}")
    if found.state == "staging":
        raise Refused(ErrorCode.STAGING, f"batch {batch} is not accepted yet; ask again in a while")
    if found.reason == CANCELLING != reason:
        raise Refused(ErrorCode.CANCELLING, f"batch {batch} is being cancelled")
    db.execute(
        """UPDATE batch SET state = iif(state = 'accepted', 'held', state), reason = ?, decision = ?, decided_at = ?,
               decided_by = ?, decided_why = ?
           WHERE id = ?""",
        (reason, DECISIONS[reason], to_text(now), authorship.by, authorship.why, batch),
    )
    if found.reason != reason:  # a decision that is made again while its steps go on is no change
        add_event(db, None, now, _TOLD[reason], batch=batch, **asdict(authorship))


def cancel(
    db: sqlite3.Connection,
    batch: int,
    after: int,
    authorship: Authorship,
    rules: SendingRules,
    now: datetime,
    limit: int,
) -> BatchStep:
    """Cancels the next messages of a held batch of which nothing can have left. Once there are no more, makes messages of its
    next rows, and cancels these."""
    if ended := _find_end(db, batch, CANCELLING):
        return ended
    ids: Sequence[int] = _list_waiting(db, batch, after, limit)
    if ids:
        return BatchStep(_cancel_all(db, ids, authorship, now), ids[-1])
    db.execute("UPDATE batch SET state = 'accepted' WHERE id = ? AND state = 'held'", (batch,))
    # Their ids may be smaller than `after`: a submit to the number of a later row has made a message of that row before.
    ids = batches.promote(db, batch, rules, now, limit).messages
    db.execute("UPDATE batch SET state = 'held' WHERE id = ? AND state = 'accepted'", (batch,))
    if len(ids) < limit:
        db.execute("UPDATE batch SET reason = NULL WHERE id = ?", (batch,))
    return BatchStep(_cancel_all(db, ids, authorship, now), after if len(ids) == limit else None)


def _cancel_all(db: sqlite3.Connection, ids: Sequence[int], authorship: Authorship, now: datetime) -> int:
    """Cancels the messages for which it is not too late. Returns how many."""
    cancelled = 0
    for message_id in ids:
        try:
            decisions.cancel(db, message_id, authorship, now)
        except Refused:  # before anything was changed
            continue
        cancelled += 1
    return cancelled


def pause(
    db: sqlite3.Connection, batch: int, after: int, authorship: Authorship, now: datetime, limit: int
) -> BatchStep:
    """Holds the next messages of a held batch of which nothing can have left, until they are resumed. Their validity goes on."""
    if ended := _find_end(db, batch, BATCH_PAUSED):
        return ended
    ids = _list_waiting(db, batch, after, limit, but_held_for=BATCH_PAUSED)
    paused = 0
    for message_id in ids:
        if decisions.has_left(db, message_id):
            continue
        for part in list_parts(db, message_id):
            if part["state"] == states.PartState.QUEUED:
                advance_part(db, part, states.PartEvent.PUT_OFF, now, reason=BATCH_PAUSED, **asdict(authorship))
        db.execute("UPDATE part SET due = NULL WHERE message_id = ? AND state = 'held'", (message_id,))
        update_message_state(db, message_id, now, BATCH_PAUSED)
        paused += 1
    return BatchStep(paused, ids[-1] if ids else None)


def resume(
    db: sqlite3.Connection, batch: int, after: int, authorship: Authorship, now: datetime, limit: int
) -> BatchStep:
    """Lets the next paused messages of a batch go on; one that is planned for later keeps its time. After the last one, the
    rows of the batch are promoted again."""
    if ended := _find_end(db, batch, RESUMING):
        return ended
    rows = db.execute(
        """SELECT id, at FROM message WHERE batch = ? AND id > ? AND state = 'held' AND reason = ? ORDER BY id LIMIT ?""",
        (batch, after, BATCH_PAUSED, limit),
    ).fetchall()
    for row in rows:
        release_message(db, row["id"], row["at"], now, "resumed")
        add_event(db, row["id"], now, "resumed", **asdict(authorship))
    if rows:
        return BatchStep(len(rows), rows[-1]["id"])
    db.execute(
        "UPDATE batch SET state = iif(state = 'held', 'accepted', state), reason = NULL WHERE id = ? AND reason = ?",
        (batch, RESUMING),
    )
    return BatchStep(0, None)


def begin_resume(db: sqlite3.Connection, batch: int, authorship: Authorship, now: datetime) -> None:
    """Stores the decision that a batch goes on. Raises Refused with `not_found` or `not_paused` if a batch is not there, or
    nothing of it is paused."""
    found = batches.read_batch(db, batch)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no batch {batch}")
    sql = "SELECT 1 FROM message WHERE batch = ? AND state = 'held' AND reason = ? LIMIT 1"
    if found.reason not in (BATCH_PAUSED, RESUMING) and db.execute(sql, (batch, BATCH_PAUSED)).fetchone() is None:
        raise Refused(ErrorCode.NOT_PAUSED, f"batch {batch} is not paused")
    hold(db, batch, RESUMING, authorship, now)


def _find_end(db: sqlite3.Connection, batch: int, reason: str) -> BatchStep | None:
    """Returns the last step of a decision that holds no longer: it has ended, or another one has superseded it. None if it
    holds."""
    row = db.execute("SELECT reason FROM batch WHERE id = ?", (batch,)).fetchone()
    return None if row["reason"] == reason else BatchStep(0, None, is_superseded=row["reason"] is not None)


def _list_waiting(db: sqlite3.Connection, batch: int, after: int, limit: int, *, but_held_for: str = "") -> list[int]:
    """Returns the next messages of a batch that a person or a modem may still begin, without those held for a reason."""
    rows = db.execute(
        """SELECT id FROM message WHERE batch = ? AND id > ? AND state IN ('held', 'queued', 'sending', 'unknown')
               AND (state <> 'held' OR reason IS NOT ?)
           ORDER BY id LIMIT ?""",
        (batch, after, but_held_for, limit),
    )
    return [row["id"] for row in rows]
