"""Staged rows: rows of batches that are not messages yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.store.outbox.outbound_message import OutboundMessage, make_stored_answers, parse_stored_answers
from modemd.store.timestamps import from_text, to_text

# A submit first promotes the staged rows for its number, up to so many: more are only in a batch for one number alone.
MAX_ROWS_AHEAD = 100


@dataclass(frozen=True, slots=True)
class StagedRow:
    """Row of an accepted batch. `staged_id`: of the row; `message_id`: of the message that it becomes."""

    staged_id: int
    message_id: int
    batch: int
    accepted_at: datetime
    new: OutboundMessage


def stage_row(db: sqlite3.Connection, batch: int, new: OutboundMessage) -> int | None:
    """Stages a row, and returns its id. None: its key is known, from this batch or an accepted one. Raises Refused with
    `key_reused` if that row has other content."""
    if new.key is not None:
        other = db.execute("SELECT * FROM staged WHERE key = ?", (new.key,)).fetchone()
        if other is not None:
            if _staged_content(other) != _new_content(new):
                raise Refused(
                    ErrorCode.KEY_REUSED,
                    f"idempotency key {new.key!r} belongs to a row of batch {other['batch']}, whose content is another",
                )
            return None
    return db.execute(
        """INSERT INTO staged (batch, number, text, class, parts, report, at, expires_at, key, pinned, window, list, answers)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            batch,
            new.number,
            new.text,
            new.message_class,
            new.parts,
            new.report,
            to_text(new.at) if new.at else None,
            to_text(new.expires_at),
            new.key,
            new.pinned,
            new.window,
            new.list_name,
            make_stored_answers(new.answers),
        ),
    ).lastrowid


def list_rows_ahead(db: sqlite3.Connection, new: OutboundMessage) -> list[StagedRow]:
    """Returns the rows of accepted batches for the number of a new message, or under its key: they were accepted before it.
    Raises Refused with `key_reused` if the key is of a row of a batch that is held."""
    rows = db.execute(f"{_ROWS} AND s.number = ? ORDER BY s.id LIMIT ?", (new.number, MAX_ROWS_AHEAD)).fetchall()
    found = [_parse_row(row) for row in rows]
    if new.key is not None and all(each.new.key != new.key for each in found):
        _refuse_key_of_held_batch(db, new.key)
        found += [_parse_row(row) for row in db.execute(f"{_ROWS} AND s.key = ?", (new.key,))]
    return found


def _refuse_key_of_held_batch(db: sqlite3.Connection, key: str) -> None:
    """Raises Refused with `key_reused` if a row of a batch that is held has the key: it is no message yet, and may become one."""
    row = db.execute(
        "SELECT b.id FROM staged s JOIN batch b ON b.id = s.batch WHERE s.key = ? AND b.state = 'held'", (key,)
    ).fetchone()
    if row is not None:
        raise Refused(
            ErrorCode.KEY_REUSED,
            f"idempotency key {key!r} belongs to a row of batch {row['id']}, which is held: resume or cancel the batch, "
            "or take a new key",
        )


def list_next_rows(db: sqlite3.Connection, batch: int, limit: int) -> list[StagedRow]:
    """Returns the next rows of an accepted batch."""
    rows = db.execute(
        f"{_ROWS} AND b.id = ? AND s.id BETWEEN b.first_row AND b.last_row ORDER BY s.id LIMIT ?", (batch, limit)
    )
    return [_parse_row(row) for row in rows]


def remove_promoted(db: sqlite3.Connection, *rows: StagedRow) -> None:
    """Deletes rows that have become messages."""
    db.executemany("DELETE FROM staged WHERE id = ?", [(each.staged_id,) for each in rows])
    db.executemany("UPDATE batch SET promoted = promoted + ? WHERE id = ?", _count_by_batch(rows))


def take_over_key(db: sqlite3.Connection, new: OutboundMessage) -> None:
    """Gives a new message the key of a row whose batch is not accepted yet: the message is first. The row counts as known then;
    if its content is another, the batch will be refused."""
    if new.key is None:
        return
    row = db.execute(
        "SELECT s.* FROM staged s JOIN batch b ON b.id = s.batch WHERE s.key = ? AND b.state = 'staging'", (new.key,)
    ).fetchone()
    if row is None:
        return
    if _staged_content(row) != _new_content(new):
        clash = f"key {new.key!r} was taken, for other content, while the batch was staged"
        db.execute("UPDATE batch SET clash = ? WHERE id = ?", (clash, row["batch"]))
    db.execute("DELETE FROM staged WHERE id = ?", (row["id"],))
    db.execute("UPDATE batch SET again = again + 1 WHERE id = ?", (row["batch"],))


_ROWS = """
    SELECT s.*, b.accepted_at, b.first_message + s.id - b.first_row AS message
    FROM staged s JOIN batch b ON b.id = s.batch WHERE b.state = 'accepted'
"""


def _count_by_batch(rows: Sequence[StagedRow]) -> list[tuple[int, int]]:
    batches = [each.batch for each in rows]
    return [(batches.count(batch), batch) for batch in dict.fromkeys(batches)]


def _staged_content(row: sqlite3.Row) -> tuple[str, str, str, str | None]:
    return row["number"], row["text"], row["class"], row["at"]


def _new_content(new: OutboundMessage) -> tuple[str, str, str, str | None]:
    return new.number, new.text, new.message_class, to_text(new.at) if new.at else None


def _parse_row(row: sqlite3.Row) -> StagedRow:
    new = OutboundMessage(
        number=row["number"],
        text=row["text"],
        message_class=MessageClass(row["class"]),
        parts=row["parts"],
        expires_at=from_text(row["expires_at"]),
        report=bool(row["report"]),
        at=from_text(row["at"]) if row["at"] else None,
        key=row["key"],
        pinned=row["pinned"],
        window=row["window"],
        list_name=row["list"],
        answers=parse_stored_answers(row["answers"]),
    )
    return StagedRow(row["id"], row["message"], row["batch"], from_text(row["accepted_at"]), new)
