"""Erasure of a number: blanks it and its texts in what has ended and in the consent ledger. An opt-out stays as a keyed hash.

A row stays, without number and text, so that counts and quotas are right, and so that the ledger still proves that no row is
missing. What has not ended is not touched: it still needs its number. Each call takes one small step, as
`modemd.store.retention` does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import ledger, lists, opt_in_requests, reviews
from modemd.store.events import Authorship, add_event
from modemd.store.keyed_hashes import suppression
from modemd.store.retention import ROWS_PER_STEP
from modemd.store.timestamps import to_text

SUPPRESSED = "suppressed"
"""Consent of a number that is opted out, and known by its keyed hash only."""


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """Numbers of rows that were blanked: outbound messages, inbound ones, and status reports that belong to no message."""

    messages: int = 0
    inbox: int = 0
    reports: int = 0

    def __add__(self, other: ErasedRows) -> ErasedRows:
        return ErasedRows(self.messages + other.messages, self.inbox + other.inbox, self.reports + other.reports)


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows that are kept: of the consent `suppressed` if the number is opted out, as a keyed hash, `opted_out` if that has the
    number, because there is no key, and else None; how many messages have not ended, how many inbound ones wait for parts, and
    the schedules that send to it, by name."""

    consent: str | None
    waiting: int
    incomplete: int
    schedules: tuple[str, ...]


def erase_step(
    db: sqlite3.Connection, numbers: Sequence[str], report_numbers: Sequence[str], now: datetime
) -> ErasedRows:
    """Blanks some of the rows of `numbers`. Returns how many of each kind; none: nothing is left. `report_numbers`: the forms in
    which the network may have written the number in a report."""
    messages = _erase_messages(db, numbers, to_text(now))
    if messages:
        return ErasedRows(messages=messages)
    inbox = _erase_inbox(db, numbers, to_text(now))
    return ErasedRows(inbox=inbox) if inbox else ErasedRows(reports=_erase_reports(db, report_numbers))


def erase_consent_step(db: sqlite3.Connection, numbers: Sequence[str], authorship: Authorship, now: datetime) -> int:
    """Blanks some of the rows of the consent ledger about `numbers`. Returns how many; 0: none is left."""
    return ledger.blank(db, numbers, authorship.by, authorship.why, now)


def finish(db: sqlite3.Connection, numbers: Sequence[str], authorship: Authorship, now: datetime) -> KeptRows:
    """Blanks the number where no message or report is, puts an opt-out on the suppression list, and stores who had the number
    erased and why, without the number. Returns what is kept."""
    for key in ("sender", "number"):  # of a message of type 0, and of an opt-out that was undone
        _execute(
            db,
            f"""UPDATE event SET detail = json_remove(detail, '$.{key}')
                WHERE message_id IS NULL AND json_extract(detail, '$.{key}') IN (:numbers)""",  # noqa: S608 - our own words
            numbers,
        )
    for row in db.execute("SELECT id, recipients FROM schedule WHERE removed_at IS NOT NULL").fetchall():
        recipients = json.loads(row["recipients"])
        left = [each for each in recipients if each not in numbers]
        if left != recipients:
            db.execute("UPDATE schedule SET recipients = ? WHERE id = ?", (json.dumps(left), row["id"]))
    suppressed = [number for number in numbers if _suppress(db, number, now)]
    _execute(db, "DELETE FROM contact_email WHERE number IN (:numbers)", numbers)
    _execute(
        db,
        """DELETE FROM contact WHERE number IN (:numbers)
           AND NOT EXISTS (SELECT 1 FROM message m WHERE m.number = contact.number)""",
        [number for number in numbers if number in suppressed or not _is_opted_out(db, number)],
    )
    _erase_subscriptions(db, numbers, now)
    add_event(db, None, now, "number erased", by=authorship.by, why=authorship.why)
    return _find_kept(db, numbers)


def _erase_subscriptions(db: sqlite3.Connection, numbers: Sequence[str], now: datetime) -> None:
    """Deletes subscriptions, open requests and notes of answers, and blanks the reviews; one that was open is resolved: what may
    have been an opt-out has become one (`_suppress`). An opt-out of one list stays on the suppression list."""
    for number in numbers:
        for request in opt_in_requests.list_of(db, number):
            opt_in_requests.close(db, number, request.list_name, now, "erased")
        lists.erase(db, number)
    _execute(db, "DELETE FROM consent_answer WHERE number IN (:numbers)", numbers)
    db.execute(
        f"""UPDATE consent_review SET resolved_at = coalesce(resolved_at, ?),
                resolution = coalesce(resolution, iif(due_at IS NULL, 'dismissed', 'opt_out')),
                "by" = coalesce("by", 'modemd'), why = coalesce(why, 'the number was erased'),
                number = '', text = '', word = NULL, inbox_ids = '[]'
            WHERE number IN ({", ".join("?" * len(numbers))})""",  # noqa: S608 - marks
        (to_text(now), *numbers),
    )


def _suppress(db: sqlite3.Connection, number: str, now: datetime) -> bool:
    """Keeps the opt-out of a number on the suppression list, if there is one, or a text that may be one. Returns False if there
    is none, or if it cannot be kept there because the ledger has no key."""
    row = db.execute(
        "SELECT marketing_since FROM contact WHERE number = ? AND marketing = 'opted_out'", (number,)
    ).fetchone()
    if row is None and reviews.read_hold_until(db, number) is not None:
        return suppression.suppress(db, number, to_text(now))
    return row is not None and suppression.suppress(db, number, row["marketing_since"] or to_text(now))


def _is_opted_out(db: sqlite3.Connection, number: str) -> bool:
    found = db.execute("SELECT 1 FROM contact WHERE number = ? AND marketing = 'opted_out'", (number,)).fetchone()
    return found is not None


def _find_kept(db: sqlite3.Connection, numbers: Sequence[str]) -> KeptRows:
    is_suppressed = any(suppression.find_suppression(db, number) is not None for number in numbers)
    is_named = any(_is_opted_out(db, number) for number in numbers) and not is_suppressed
    schedules = db.execute("SELECT name, recipients FROM schedule WHERE removed_at IS NULL ORDER BY name").fetchall()
    return KeptRows(
        consent=SUPPRESSED if is_suppressed else Marketing.OPTED_OUT if is_named else None,
        waiting=_count(db, "SELECT count(*) FROM message WHERE number IN (:numbers)", numbers)
        + _count(db, "SELECT count(*) FROM staged WHERE number IN (:numbers)", numbers),
        incomplete=_count(db, "SELECT count(*) FROM inbox WHERE sender IN (:numbers)", numbers),
        schedules=tuple(row["name"] for row in schedules if set(numbers) & set(json.loads(row["recipients"]))),
    )


def _erase_messages(db: sqlite3.Connection, numbers: Sequence[str], now: str) -> int:
    ids = _find_ids(db, "SELECT id FROM message WHERE number IN (:numbers) AND closed_at IS NOT NULL LIMIT ?", numbers)
    db.executemany(
        "UPDATE message SET number = '', text = '', submitted_text = NULL, answers = NULL, redacted_at = ? WHERE id = ?",
        [(now, *id) for id in ids],
    )
    for statement in (
        "UPDATE part SET number = '' WHERE message_id = ?",
        "UPDATE report SET number = '', tpdu = x'' WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)",
        "UPDATE attempt SET number = '' WHERE message_id = ?",
    ):
        db.executemany(statement, ids)
    return len(ids)


def _erase_inbox(db: sqlite3.Connection, numbers: Sequence[str], now: str) -> int:
    listed = "SELECT id FROM inbox WHERE sender IN (:numbers) AND (complete = 1 OR shown_at IS NOT NULL) LIMIT ?"
    ids = _find_ids(db, listed, numbers)
    db.executemany("UPDATE inbox SET sender = '', text = '', redacted_at = ? WHERE id = ?", [(now, *id) for id in ids])
    # The fingerprint stays: by it a message that a modem still holds is known, and does not come in anew.
    db.executemany("UPDATE inbox_part SET tpdu = x'', set_key = NULL WHERE inbox_id = ?", ids)
    return len(ids)


def _erase_reports(db: sqlite3.Connection, numbers: Sequence[str]) -> int:
    unmatched = "SELECT id FROM report WHERE attempt_id IS NULL AND number IN (:numbers) LIMIT ?"
    ids = _find_ids(db, unmatched, numbers)
    db.executemany("UPDATE report SET number = '', tpdu = x'' WHERE id = ?", ids)
    return len(ids)


def _find_ids(db: sqlite3.Connection, sql: str, numbers: Sequence[str]) -> list[tuple[int]]:
    return [(row["id"],) for row in _execute(db, sql, numbers, ROWS_PER_STEP).fetchall()]


def _count(db: sqlite3.Connection, sql: str, numbers: Sequence[str]) -> int:
    return int(_execute(db, sql, numbers).fetchone()[0])


def _execute(db: sqlite3.Connection, sql: str, numbers: Sequence[str], *more: object) -> sqlite3.Cursor:
    """Runs a statement in which `(:numbers)` stands for all of `numbers`, before the marks for `more`."""
    return db.execute(sql.replace(":numbers", ", ".join("?" * len(numbers))), (*numbers, *more))
