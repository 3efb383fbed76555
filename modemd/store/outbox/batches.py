"""Batches in the database: each small step of staging, acceptance and promotion (a row becomes a message) as one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TypeVar

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.access.callers import show_idempotency_key
from modemd.rules.classes import MessageClass
from modemd.rules.consent.notice_rules import NoticeLack
from modemd.rules.queue_place import QueuePlace
from modemd.rules.sending_rules import SendingRules
from modemd.rules.states import MessageState
from modemd.store.consent import contact_facts
from modemd.store.events import add_event
from modemd.store.outbox import accept as outbox_accept
from modemd.store.outbox import notices, staged_rows
from modemd.store.outbox.accept import BatchAcceptance
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import BatchRow, RefusedRow, read_row
from modemd.store.timestamps import to_text

# Rows that one change stages or promotes. A message that comes meanwhile waits for one such change at most.
ROWS_PER_STEP = 50
T = TypeVar("T")
CheckStart = Callable[[datetime, datetime], None]


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """Identity of a file: the key that its sender gave it, the SHA-256 of its octets, and the options that it came with."""

    key: str | None
    digest: bytes
    options: str = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    """Row of a file: the line on which it begins, and its message. `line` None: it is a message that came alone."""

    line: int | None
    new: OutboundMessage


@dataclass(frozen=True, slots=True)
class PromotionStep:
    """Result of a step of promotion: the highest class that was queued, whether something is held, and the ids of the messages
    that were made."""

    highest_class: MessageClass | None
    has_held: bool
    messages: tuple[int, ...]


def find_by_key(db: sqlite3.Connection, file: FileIdentity) -> int | None:
    """Returns the id of the batch that came under the key of a file; None if there is none. Raises Refused with `key_reused` if
    that was another file, or the same with other options; with `staging` if it is not accepted yet."""
    row = db.execute("SELECT id, digest, options, state FROM batch WHERE key = ?", (file.key,)).fetchone()
    if row is None:
        return None
    if (row["digest"], row["options"]) != (file.digest, file.options):
        what = "another file" if row["digest"] != file.digest else "the same file with other options"
        raise Refused(
            ErrorCode.KEY_REUSED,
            f"idempotency key {show_idempotency_key(file.key)!r} belongs to batch {row['id']}, which was {what}; take a new key",
        )
    if row["state"] == "staging":
        raise Refused(
            ErrorCode.STAGING, f"batch {row['id']} has this key and is not accepted yet; ask again in a while"
        )
    return int(row["id"])


def find_same_file(db: sqlite3.Connection, digest: bytes) -> BatchRow | None:
    """Returns the last accepted batch that the same file became; None if there is none."""
    row = db.execute(
        "SELECT id FROM batch WHERE digest = ? AND state <> 'staging' ORDER BY id DESC LIMIT 1", (digest,)
    ).fetchone()
    return read_batch(db, row["id"]) if row is not None else None


def begin_staging(db: sqlite3.Connection, file: FileIdentity, now: datetime) -> int:
    """Makes a batch of which nothing is accepted yet, and returns its id. Raises Refused with `staging` if another one took its
    key meanwhile."""
    if file.key is not None and db.execute("SELECT 1 FROM batch WHERE key = ?", (file.key,)).fetchone() is not None:
        raise Refused(
            ErrorCode.STAGING, f"idempotency key {show_idempotency_key(file.key)!r} was taken a moment ago; ask again"
        )
    batch = db.execute(
        "INSERT INTO batch (key, digest, options, state, created_at) VALUES (?, ?, ?, 'staging', ?)",
        (file.key, file.digest, file.options, to_text(now)),
    ).lastrowid
    assert batch is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    return batch


class RowFate(Enum):
    """Fate of a row: it will be sent, consent refuses it, or its key is known, so that it makes no second message."""

    SENT = "sent"
    REFUSED = "refused"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """Row with its fate. `final`: its message as it would be sent, with the notice of marketing; `lacks`: settings that it should
    have; `begins_at`: until when it would be held, None if it would not be."""

    fate: RowFate
    final: OutboundMessage
    lacks: tuple[NoticeLack, ...] = ()
    begins_at: datetime | None = None


def stage_rows(
    db: sqlite3.Connection,
    batch: int,
    rows: Sequence[FileRow],
    rules: SendingRules,
    judge: CheckStart,
    now: datetime,
) -> tuple[JudgedRow, ...]:
    """Stages some rows, and returns those that will be sent. A key that is known makes no second message. Raises what
    `judge_rows` raises."""
    judged = judge_rows(db, rows, rules, judge, now)
    fates = []
    lies: list[int] = []
    for each, found in zip(rows, judged, strict=True):
        row = _stage_row(db, batch, each) if found.fate is not RowFate.KNOWN else None
        fates.append(found.fate if row is not None else RowFate.KNOWN)
        if row is not None:
            lies.append(row)
    db.execute(
        """UPDATE batch SET rows = rows + ?, again = again + ?, refused = refused + ?,
               first_row = coalesce(first_row, ?), last_row = coalesce(?, last_row) WHERE id = ?""",
        (
            len(rows),
            fates.count(RowFate.KNOWN),
            fates.count(RowFate.REFUSED),
            min(lies, default=None),
            max(lies, default=None),
            batch,
        ),
    )
    return tuple(row for row, fate in zip(judged, fates, strict=True) if fate is RowFate.SENT)


def judge_rows(
    db: sqlite3.Connection, rows: Sequence[FileRow], rules: SendingRules, judge: CheckStart, now: datetime
) -> list[JudgedRow]:
    """Returns the fate of each row, and what would be sent; nothing is changed. Raises Refused, naming the line, if a key belongs
    to other content, or if its notice makes a text too long; `judge` raises it for a start time that is past."""
    return [_naming_line(each.line, partial(_judge_row, db, each.new, rules, judge, now)) for each in rows]


def _judge_row(
    db: sqlite3.Connection, new: OutboundMessage, rules: SendingRules, judge: CheckStart, now: datetime
) -> JudgedRow:
    if new.key is not None:
        if outbox_accept.find_by_key(db, new) is not None:
            return JudgedRow(RowFate.KNOWN, new)
        if new.at is not None:
            judge(new.at, now)
    contact = contact_facts.read(db, new.number, new.message_class, now, new.list_name)
    objection = rules.find_objection(new.message_class, new.number, contact)
    if objection is not None:
        return JudgedRow(RowFate.REFUSED, new)
    final = notices.finish(db, new, rules)
    start = outbox_accept.decide_start(final.new, rules, contact, now)
    return JudgedRow(RowFate.SENT, final.new, final.lacks, start.begins_at)


def _stage_row(db: sqlite3.Connection, batch: int, row: FileRow) -> int | None:
    """Stages a row, and returns its id. None: an earlier row has its key."""
    return _naming_line(row.line, partial(staged_rows.stage_row, db, batch, row.new))


def _naming_line(line: int | None, work: Callable[[], T]) -> T:
    """Returns what `work` returns. A refusal of it then begins with the line."""
    try:
        return work()
    except Refused as error:
        if line is None:
            raise
        raise Refused(error.code, f"line {line}: {error.reason}") from error


def accept_batch(db: sqlite3.Connection, batch: int, now: datetime) -> None:
    """Accepts all that is staged: from here on it will be sent, whatever happens. Raises Refused with `key_reused` if a key was
    taken meanwhile.

    The messages get their ids here, so that they have the place in the queue of their acceptance.
    """
    found = db.execute("SELECT clash, first_row, last_row FROM batch WHERE id = ?", (batch,)).fetchone()
    if found["clash"] is not None:
        raise Refused(ErrorCode.KEY_REUSED, found["clash"])
    first = found["first_row"]
    message = _reserve_message_ids(db, found["last_row"] - first + 1) if first is not None else None
    db.execute(
        "UPDATE batch SET state = ?, accepted_at = ?, first_message = ? WHERE id = ?",
        ("promoted" if first is None else "accepted", to_text(now), message, batch),
    )
    add_event(db, None, now, "batch accepted", batch=batch)


def next_accepted(db: sqlite3.Connection) -> int | None:
    """Returns the oldest batch of which something is to be promoted; None if there is none."""
    row = db.execute(
        "SELECT id FROM batch INDEXED BY batch_state WHERE state = 'accepted' ORDER BY id LIMIT 1"
    ).fetchone()
    return int(row["id"]) if row is not None else None


def promote(db: sqlite3.Connection, batch: int, rules: SendingRules, now: datetime, limit: int) -> PromotionStep:
    """Makes messages of the next rows of an accepted batch, at most `limit`. If there are fewer, the batch is done."""
    rows = staged_rows.list_next_rows(db, batch, limit)
    queued: list[MessageClass] = []
    held = False
    messages: list[int] = []
    for row in rows:
        place = BatchAcceptance(row.message_id, row.batch, row.accepted_at)
        state = outbox_accept.create_message(db, row.new, rules, now, place).state
        messages.append(row.message_id)
        if state is MessageState.QUEUED:
            queued.append(row.new.message_class)
        held = held or state is MessageState.HELD
    staged_rows.remove_promoted(db, *rows)
    if len(rows) < limit:
        db.execute("UPDATE batch SET state = 'promoted' WHERE id = ?", (batch,))
    return PromotionStep(min(queued, key=QueuePlace, default=None), held, tuple(messages))


def discard_unaccepted(db: sqlite3.Connection, limit: int) -> bool:
    """Deletes, in steps, what was staged and will never be accepted: by a file that was refused, or a process that has ended.
    Call it while nothing is being staged. Returns True if there was any."""
    left = db.execute(
        "SELECT id FROM batch INDEXED BY batch_state WHERE state = 'staging' ORDER BY id LIMIT 1"
    ).fetchone()
    if left is None:
        return False
    batch = left["id"]
    lies = db.execute("SELECT first_row, last_row FROM batch WHERE id = ?", (batch,)).fetchone()
    if lies["first_row"] is None or lies["first_row"] > lies["last_row"]:
        db.execute("DELETE FROM batch WHERE id = ?", (batch,))
        return True
    end = lies["first_row"] + limit
    db.execute("DELETE FROM staged WHERE id >= ? AND id < ? AND batch = ?", (lies["first_row"], end, batch))
    db.execute("UPDATE batch SET first_row = ? WHERE id = ?", (end, batch))
    return True


def read_batch(db: sqlite3.Connection, batch: int) -> BatchRow | None:
    """Returns a batch; None if there is no such batch."""
    row = db.execute(
        """SELECT id, key, state, reason, created_at, accepted_at, rows, again, refused, promoted, rows - refused AS accepted,
                  first_message, first_message + last_row - first_row AS last_message,
                  decision, decided_at, decided_by, decided_why
           FROM batch WHERE id = ?""",
        (batch,),
    ).fetchone()
    return read_row(BatchRow, row) if row is not None else None


def list_batches(
    db: sqlite3.Connection, *, key: str | None = None, before: int | None = None, limit: int = 50
) -> list[BatchRow]:
    """Returns batches, newest first; `before`: only with smaller ids; `limit` 0 means all."""
    rows = db.execute(
        "SELECT id FROM batch WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
        (key, before, limit or -1),
    ).fetchall()
    return [found for row in rows if (found := read_batch(db, row["id"])) is not None]


def count_batches(db: sqlite3.Connection, *, key: str | None, before: int | None) -> int:
    """Returns how many batches there are of a choice."""
    sql = "SELECT count(*) FROM batch WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR id < ?2)"
    return int(db.execute(sql, (key, before)).fetchone()[0])


def count_states(db: sqlite3.Connection, batch: int) -> dict[MessageState, int]:
    """Returns how many messages of a batch are in each state; rows that are not promoted yet are not counted."""
    rows = db.execute("SELECT state, count(*) AS messages FROM message WHERE batch = ? GROUP BY state", (batch,))
    return {MessageState(row["state"]): row["messages"] for row in rows}


def list_refused(db: sqlite3.Connection, batch: int, limit: int) -> list[RefusedRow]:
    """Returns the messages of a batch that consent refused, oldest first."""
    rows = db.execute(
        """SELECT id, number AS recipient, reason FROM message WHERE batch = ? AND state = 'refused' ORDER BY id LIMIT ?""",
        (batch, limit),
    )
    return [read_row(RefusedRow, row) for row in rows]


def _reserve_message_ids(db: sqlite3.Connection, count: int) -> int:
    """Reserves `count` ids of messages, and returns the first."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
    if row is None:
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?)", (count,))
        return 1
    db.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'message'", (count,))
    return int(row["seq"]) + 1
