"""Reviews: what people wrote that needs a person. One open item for each number and kind; a second text is added to it.

An item with a time (`due_at`) holds marketing to its number until somebody decides. After that time it counts as an opt-out.
`store/consent/resolutions.py` has the decisions.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.store.consent import ledger
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.timestamps import from_text, to_text

# Channel of an opt-out that a review led to.
REVIEW = "review"
# Reason for which marketing is held while an item with a time is open.
UNDER_REVIEW = "under_review"
# Characters of one item's texts together; the end is left out.
LONGEST_TEXT = 4000


class ReviewKind(StrEnum):
    """Kind of a review item."""

    AMBIGUOUS = "ambiguous"  # perhaps an opt-out
    CHECK = "check"  # taken for an opt-out, and may be undone
    FLIPS = "flips"  # too many changes within a day
    REASSIGNED = "reassigned"  # the number has another owner
    MAIL = "mail"  # a mail that is not clear
    CONFIRMATION = "confirmation"  # perhaps the yes of a double opt-in


class ReviewResolution(StrEnum):
    """Resolution of a review item."""

    OPT_OUT = "opt_out"
    DISMISSED = "dismissed"
    UNDONE = "undone"
    SUPERSEDED = "superseded"  # the person said a clear word since


@dataclass(frozen=True, slots=True)
class ReviewText:
    """Text that needs a person. `number`: the sender's in E.164, empty if it is not known (mail); `inbox_id`: the message with
    it; `word` and `tier`: of the match that led here, None if none did."""

    number: str
    kind: ReviewKind
    text: str
    inbox_id: int | None = None
    word: str | None = None
    tier: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """Review item. `inbox_ids`: the messages with its texts; `due_at`: when it counts as an opt-out, None: never. `resolved_at`,
    `resolution`, `by` and `why` are None while it is open."""

    id: int
    number: str
    kind: ReviewKind
    text: str
    word: str | None
    tier: int | None
    inbox_ids: tuple[int, ...]
    opened_at: str
    due_at: str | None
    resolved_at: str | None
    resolution: ReviewResolution | None
    by: str | None
    why: str | None


def open_item(db: sqlite3.Connection, new: ReviewText, due_at: datetime | None, now: datetime) -> int:
    """Opens an item, or adds a text to the open one of its number and kind, whose time stays. Returns the item's id. `due_at`:
    when it counts as an opt-out; None: never, and marketing is not held."""
    if new.number:
        event = ConsentEvent(
            new.number, ConsentAction.REVIEW, REVIEW, word=new.word, words=new.text, inbox_id=new.inbox_id
        )
        ledger.add(db, event, now)
    known = db.execute(
        "SELECT * FROM consent_review WHERE number = ? AND kind = ? AND resolved_at IS NULL AND number <> ''",
        (new.number, new.kind),
    ).fetchone()
    if known is not None:
        ids = [*json.loads(known["inbox_ids"]), *([new.inbox_id] if new.inbox_id is not None else [])]
        db.execute(
            "UPDATE consent_review SET text = ?, inbox_ids = ? WHERE id = ?",
            (f"{known['text']}\n{new.text}"[:LONGEST_TEXT], json.dumps(ids), known["id"]),
        )
        return int(known["id"])
    added = db.execute(
        """INSERT INTO consent_review (number, kind, inbox_id, inbox_ids, text, word, tier, opened_at, due_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            new.number,
            new.kind,
            new.inbox_id,
            json.dumps([new.inbox_id] if new.inbox_id is not None else []),
            new.text[:LONGEST_TEXT],
            new.word,
            new.tier,
            to_text(now),
            to_text(due_at) if due_at else None,
        ),
    ).lastrowid
    assert added is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    return added


def read_hold_until(db: sqlite3.Connection, number: str) -> datetime | None:
    """Returns until when marketing to a number waits for a person's decision; None if nothing does."""
    row = db.execute(
        """SELECT max(due_at) FROM consent_review INDEXED BY consent_review_open
           WHERE number = ? AND resolved_at IS NULL AND due_at IS NOT NULL""",
        (number,),
    ).fetchone()
    return from_text(row[0]) if row[0] is not None else None


def find(db: sqlite3.Connection, review_id: int) -> ReviewRow | None:
    """Returns an item; None if there is none of this id."""
    row = db.execute("SELECT * FROM consent_review WHERE id = ?", (review_id,)).fetchone()
    return _parse(row) if row else None


def list_items(
    db: sqlite3.Connection, *, resolved: bool = False, before: int | None = None, limit: int = 50
) -> list[ReviewRow]:
    """Returns the open items, newest first; with `resolved` the resolved ones, too. `before`: only smaller ids; `limit` 0 means
    all."""
    which = "" if resolved else "AND resolved_at IS NULL"
    sql = f"SELECT * FROM consent_review WHERE (? IS NULL OR id < ?) {which} ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own words
    return [_parse(row) for row in db.execute(sql, (before, before, limit or -1))]


def count_items(db: sqlite3.Connection, *, resolved: bool = False) -> int:
    """Returns how many items `list_items` has."""
    which = "" if resolved else "WHERE resolved_at IS NULL"
    return int(db.execute(f"SELECT count(*) FROM consent_review {which}").fetchone()[0])  # noqa: S608 - our own words


def list_overdue(db: sqlite3.Connection, now: datetime, limit: int) -> list[ReviewRow]:
    """Returns open items whose time has come, at most `limit`."""
    rows = db.execute(
        """SELECT * FROM consent_review INDEXED BY consent_review_due
           WHERE resolved_at IS NULL AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?""",
        (to_text(now), limit),
    )
    return [_parse(row) for row in rows]


def find_next_due(db: sqlite3.Connection) -> datetime | None:
    """Returns when an open item counts as an opt-out next; None if there is none."""
    text = db.execute(
        """SELECT min(due_at) FROM consent_review INDEXED BY consent_review_due
           WHERE resolved_at IS NULL AND due_at IS NOT NULL"""
    ).fetchone()[0]
    return from_text(text) if text is not None else None


def count_open(db: sqlite3.Connection, before: datetime) -> int:
    """Returns how many items are open that were opened before then."""
    row = db.execute(
        """SELECT count(*) FROM consent_review INDEXED BY consent_review_open
           WHERE resolved_at IS NULL AND opened_at < ?""",
        (to_text(before),),
    ).fetchone()
    return int(row[0])


def settle_by_word(db: sqlite3.Connection, number: str, now: datetime) -> None:
    """Resolves the ambiguous item of a number that said a clear word since, if one is open, and releases what it has held."""
    row = db.execute(
        "SELECT id FROM consent_review WHERE number = ? AND kind = ? AND resolved_at IS NULL",
        (number, ReviewKind.AMBIGUOUS),
    ).fetchone()
    if row is not None:
        close(db, row["id"], number, ReviewResolution.SUPERSEDED, "modemd", "a clear word came since", now)


def close(
    db: sqlite3.Connection, review_id: int, number: str, resolution: ReviewResolution, by: str, why: str, now: datetime
) -> None:
    """Stores the resolution of an open item. Marketing that waits for it is due at once, unless another item still holds it."""
    db.execute(
        """UPDATE consent_review SET resolved_at = ?, resolution = ?, "by" = ?, why = ?
           WHERE id = ? AND resolved_at IS NULL""",
        (to_text(now), resolution, by, why, review_id),
    )
    if read_hold_until(db, number) is None:
        db.execute(
            """UPDATE part SET due = ? WHERE id IN (
                   SELECT p.id FROM part p INDEXED BY part_held JOIN message m ON m.id = p.message_id
                   WHERE p.number = ? AND p.rank = ? AND p.state = 'held' AND m.reason = ?)""",
            (to_text(now), number, MessageClass.MARKETING.rank, UNDER_REVIEW),
        )


def _parse(row: sqlite3.Row) -> ReviewRow:
    return ReviewRow(
        id=row["id"],
        number=row["number"],
        kind=ReviewKind(row["kind"]),
        text=row["text"],
        word=row["word"],
        tier=row["tier"],
        inbox_ids=tuple(json.loads(row["inbox_ids"])),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        resolved_at=row["resolved_at"],
        resolution=ReviewResolution(row["resolution"]) if row["resolution"] else None,
        by=row["by"],
        why=row["why"],
    )
