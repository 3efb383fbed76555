"""Resolutions of reviews: what people decide about an item, and what happens to one that nobody decides about in time."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import ledger, lists, reviews, statements
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.consent.reviews import REVIEW, ReviewKind, ReviewResolution, ReviewRow
from modemd.store.consent.statements import ConsentEffect, ConsentStatement
from modemd.store.events import Authorship, add_event
from modemd.store.timestamps import to_text

# Who has an item count as an opt-out if nobody decides.
NOBODY = Authorship("modemd", "nobody decided in time")


def opt_out(db: sqlite3.Connection, review_id: int, authorship: Authorship, now: datetime) -> ConsentEffect:
    """Decides that an item is an opt-out, and applies it. Raises Refused (`not_found`, `resolved`, `needs_number` if no number is
    known)."""
    item = _find_open(db, review_id)
    if not item.number:
        raise Refused(ErrorCode.NEEDS_NUMBER, f"the number behind review {item.id} is not known; opt the number out")
    return _apply_opt_out(db, item, authorship, now)


def dismiss(db: sqlite3.Connection, review_id: int, authorship: Authorship, now: datetime) -> None:
    """Decides that an item changes nothing; marketing that waits for it is due at once. Raises Refused (`not_found`,
    `resolved`)."""
    item = _find_open(db, review_id)
    reviews.close(db, item.id, item.number, ReviewResolution.DISMISSED, authorship.by, authorship.why, now)
    if item.number:
        told = f"review {item.id} dismissed: {authorship.why}"
        ledger.add(db, ConsentEvent(item.number, ConsentAction.REVIEW, REVIEW, actor=authorship.by, evidence=told), now)


def undo(db: sqlite3.Connection, review_id: int, authorship: Authorship, now: datetime) -> None:
    """Undoes the opt-out that an item tells of: one to check, or one that came because nobody decided in time. The number is then
    as it was before. Raises Refused: `not_found`; `resolved` if there is nothing to undo; `own_opt_out` if the number had opted
    out before, or has said a clear word since: only its own START undoes that."""
    item = reviews.find(db, review_id)
    if item is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no review {review_id}")
    is_open_check = item.kind is ReviewKind.CHECK and item.resolution is None
    if not is_open_check and item.resolution != ReviewResolution.OPT_OUT:
        raise Refused(ErrorCode.RESOLVED, f"review {item.id} led to no opt-out that could be undone")
    if statements.read_marketing(db, item.number) is not Marketing.OPTED_OUT or not _may_undo(db, item):
        raise Refused(
            ErrorCode.OWN_OPT_OUT,
            f"{item.number} said a clear word before or after this text; only START from that number ends an opt-out",
        )
    before = _find_last_word(db, item, since=False)
    undone = ConsentEvent(
        item.number, ConsentAction.UNDO, statements.UNDONE, actor=authorship.by, evidence=authorship.why
    )
    ledger.add(db, undone, now)
    state = Marketing.UNKNOWN if before is None else Marketing.OPTED_IN
    db.execute(
        "UPDATE contact SET marketing = ?, marketing_since = ? WHERE number = ?", (state, to_text(now), item.number)
    )
    lists.reopen_all(db, item.number, now)
    db.execute(
        """UPDATE consent_review SET resolved_at = ?, resolution = ?, "by" = ?, why = ? WHERE id = ?""",
        (to_text(now), ReviewResolution.UNDONE, authorship.by, authorship.why, item.id),
    )
    add_event(db, None, now, "opt-out undone", number=item.number, by=authorship.by, why=authorship.why)


def resolve_due(db: sqlite3.Connection, now: datetime, limit: int = 100) -> int:
    """Has up to `limit` items whose time has come count as opt-outs. Returns how many. Call it by `Store.write_consent`."""
    overdue = reviews.list_overdue(db, now, limit)
    for item in overdue:
        _apply_opt_out(db, item, NOBODY, now)
    return len(overdue)


def _apply_opt_out(db: sqlite3.Connection, item: ReviewRow, authorship: Authorship, now: datetime) -> ConsentEffect:
    reviews.close(db, item.id, item.number, ReviewResolution.OPT_OUT, authorship.by, authorship.why, now)
    inbox_id = item.inbox_ids[-1] if item.inbox_ids and _has_inbox(db, item.inbox_ids[-1]) else None
    statement = ConsentStatement(item.number, False, item.word, None, REVIEW, inbox_id)
    return statements.apply_statement(db, statement, now)


def _has_inbox(db: sqlite3.Connection, inbox_id: int) -> bool:
    return db.execute("SELECT 1 FROM inbox WHERE id = ?", (inbox_id,)).fetchone() is not None


def _find_open(db: sqlite3.Connection, review_id: int) -> ReviewRow:
    item = reviews.find(db, review_id)
    if item is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no review {review_id}")
    if item.resolution is not None:
        raise Refused(ErrorCode.RESOLVED, f"review {review_id} is resolved already: {item.resolution}, by {item.by}")
    return item


def _may_undo(db: sqlite3.Connection, item: ReviewRow) -> bool:
    """Returns True if a number was not opted out before an item, and has said no clear word since."""
    return (
        _find_last_word(db, item, since=False) != ConsentAction.OPT_OUT
        and _find_last_word(db, item, since=True) is None
    )


def _find_last_word(db: sqlite3.Connection, item: ReviewRow, *, since: bool) -> str | None:
    """Returns the action of the last statement about all marketing that a number made before an item, or since; None if there is
    none. The item's own texts, and what people decided about it, do not count."""
    rows = db.execute(
        """SELECT action, inbox_id FROM consent_event
           WHERE number = ? AND list IS NULL AND action IN ('opt_in', 'opt_out', 'confirm')
               AND channel NOT IN (?, ?, ?) AND (at >= ?) = ? ORDER BY id DESC""",
        (item.number, statements.READING, statements.UNDONE, REVIEW, item.opened_at, since),
    )
    return next(
        (row["action"] for row in rows if row["inbox_id"] is None or row["inbox_id"] not in item.inbox_ids), None
    )
