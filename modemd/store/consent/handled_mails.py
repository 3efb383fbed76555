"""Mails of the mailbox that were handled: each once, whatever restarts, crashes, or is numbered anew.

The row of a mail is stored in the transaction that applies it, and before the server is told to flag it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.consent.policy import Marketing
from modemd.store.timestamps import to_text


@dataclass(frozen=True, slots=True)
class MailPlace:
    """Place of a mail: the mailbox (user, server and folder), and what the server numbers it by."""

    mailbox: str
    uidvalidity: int
    uid: int


def find_highest_uid(db: sqlite3.Connection, mailbox: str, uidvalidity: int) -> int:
    """Returns the highest UID that was handled; 0 if none was. Mails are handled in the order of their UIDs."""
    row = db.execute(
        "SELECT max(uid) FROM handled_mail WHERE mailbox = ? AND uidvalidity = ?", (mailbox, uidvalidity)
    ).fetchone()
    return int(row[0] or 0)


def find_outcome(db: sqlite3.Connection, digest: bytes) -> str | None:
    """Returns what became of a mail with this digest, in whatever place it was; None if it was not handled."""
    row = db.execute("SELECT outcome FROM handled_mail WHERE digest = ? LIMIT 1", (digest,)).fetchone()
    return row["outcome"] if row else None


def add(db: sqlite3.Connection, place: MailPlace, digest: bytes, outcome: str, now: datetime) -> None:
    """Stores that a mail was handled."""
    db.execute(
        "INSERT INTO handled_mail (mailbox, uidvalidity, uid, digest, at, outcome) VALUES (?, ?, ?, ?, ?, ?)",
        (place.mailbox, place.uidvalidity, place.uid, digest, to_text(now), outcome),
    )


def list_unflagged(db: sqlite3.Connection, mailbox: str, uidvalidity: int, limit: int) -> list[tuple[int, str]]:
    """Returns UID and outcome of handled mails whose flags the server has not taken yet, at most `limit`."""
    rows = db.execute(
        """SELECT uid, outcome FROM handled_mail INDEXED BY handled_mail_unflagged
           WHERE mailbox = ? AND uidvalidity = ? AND flagged = 0 ORDER BY uid LIMIT ?""",
        (mailbox, uidvalidity, limit),
    )
    return [(row["uid"], row["outcome"]) for row in rows]


def mark_flagged(db: sqlite3.Connection, place: MailPlace) -> None:
    """Stores that the server has taken the flags of a mail."""
    db.execute(
        "UPDATE handled_mail SET flagged = 1 WHERE mailbox = ? AND uidvalidity = ? AND uid = ?",
        (place.mailbox, place.uidvalidity, place.uid),
    )


def find_contacts(db: sqlite3.Connection, numbers: Collection[str]) -> frozenset[str]:
    """Returns those of `numbers` that are contacts: a message was accepted for them, or they said something about consent."""
    return frozenset(
        number
        for number in numbers
        if db.execute("SELECT 1 FROM contact WHERE number = ?", (number,)).fetchone() is not None
    )


def have_opted_in_since(db: sqlite3.Connection, numbers: Collection[str], moment: datetime) -> bool:
    """Returns True if one of `numbers` has opted in after a moment."""
    sql = "SELECT 1 FROM contact WHERE number = ? AND marketing = ? AND marketing_since > ?"
    since = to_text(moment)
    return any(db.execute(sql, (number, Marketing.OPTED_IN, since)).fetchone() is not None for number in numbers)
