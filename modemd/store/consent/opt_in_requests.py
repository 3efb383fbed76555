"""Requests to confirm an opt-in that are not answered yet: one for each number and list; an empty list means all marketing."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules import states
from modemd.rules.consent.double_opt_in import SentRequest
from modemd.store.consent.ledger import ConsentAction
from modemd.store.ending import cancel_waiting_parts
from modemd.store.timestamps import from_text, to_text

# Channel of the end of a request that was never sent. It does not make the next one wait.
NOT_SENT = "not sent"
# A message in one of these states has not reached anybody.
_UNSENT_STATES = (
    states.MessageState.FAILED,
    states.MessageState.EXPIRED,
    states.MessageState.CANCELLED,
    states.MessageState.REFUSED,
    states.MessageState.UNDELIVERED,
)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Request that is not answered. `list_name` None: about all marketing; `remind_at`: when its reminder is due, None if none
    is; `messages`: the ids of the request and of its reminder; `sim`: the only one that may send them, None if any may."""

    number: str
    list_name: str | None
    requested_at: datetime
    expires_at: datetime
    remind_at: datetime | None
    messages: tuple[int, ...]
    language: str | None
    sim: str | None = None


def add(db: sqlite3.Connection, request: OpenRequest) -> None:
    """Stores a request. There must be none for its number and list."""
    db.execute(
        """INSERT INTO opt_in_request (number, list, requested_at, expires_at, remind_at, messages, language, sim)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            request.number,
            request.list_name or "",
            to_text(request.requested_at),
            to_text(request.expires_at),
            to_text(request.remind_at) if request.remind_at else None,
            json.dumps(request.messages),
            request.language,
            request.sim,
        ),
    )


def find(db: sqlite3.Connection, number: str, list_name: str | None) -> OpenRequest | None:
    """Returns the open request to a number about a list; None if there is none."""
    row = db.execute("SELECT * FROM opt_in_request WHERE number = ? AND list = ?", (number, list_name or "")).fetchone()
    return _parse(row) if row else None


def list_of(db: sqlite3.Connection, number: str) -> list[OpenRequest]:
    """Returns the open requests to a number, by the list's name."""
    rows = db.execute("SELECT * FROM opt_in_request WHERE number = ? ORDER BY list", (number,))
    return [_parse(row) for row in rows]


def list_overdue(db: sqlite3.Connection, now: datetime, limit: int) -> list[OpenRequest]:
    """Returns requests whose time is over, at most `limit`."""
    rows = db.execute(
        "SELECT * FROM opt_in_request WHERE expires_at <= ? ORDER BY expires_at LIMIT ?", (to_text(now), limit)
    )
    return [_parse(row) for row in rows]


def list_to_remind(db: sqlite3.Connection, now: datetime, limit: int) -> list[OpenRequest]:
    """Returns requests whose reminder is due, at most `limit`."""
    rows = db.execute(
        "SELECT * FROM opt_in_request WHERE remind_at <= ? ORDER BY remind_at LIMIT ?", (to_text(now), limit)
    )
    return [_parse(row) for row in rows]


def note_reminder(db: sqlite3.Connection, request: OpenRequest, message_id: int | None) -> None:
    """Stores that the reminder of a request was dealt with, so that there is no second one. `message_id`: None if it was left
    out."""
    messages = request.messages if message_id is None else (*request.messages, message_id)
    db.execute(
        "UPDATE opt_in_request SET remind_at = NULL, messages = ? WHERE number = ? AND list = ?",
        (json.dumps(messages), request.number, request.list_name or ""),
    )


def close(db: sqlite3.Connection, number: str, list_name: str | None, now: datetime, reason: str) -> None:
    """Deletes the open request to a number about a list, if there is one, and cancels its messages that still wait."""
    request = find(db, number, list_name)
    if request is None:
        return
    for message_id in request.messages:
        cancel_waiting_parts(db, message_id, now, reason)
    db.execute("DELETE FROM opt_in_request WHERE number = ? AND list = ?", (number, list_name or ""))


def find_next_due(db: sqlite3.Connection) -> datetime | None:
    """Returns when a request expires or is reminded of next; None if there is none."""
    found = [
        db.execute("SELECT min(expires_at) FROM opt_in_request").fetchone()[0],
        db.execute("SELECT min(remind_at) FROM opt_in_request WHERE remind_at IS NOT NULL").fetchone()[0],
    ]
    return min((from_text(text) for text in found if text is not None), default=None)


def list_sent(db: sqlite3.Connection, request: OpenRequest) -> list[SentRequest]:
    """Returns which SIMs have sent a request, and when; each part and each try for itself."""
    marks = ", ".join("?" * len(request.messages))
    rows = db.execute(
        f"""SELECT sim, written_at FROM attempt
            WHERE message_id IN ({marks}) AND written_at IS NOT NULL AND outcome <> 'refused'
            ORDER BY written_at""",  # noqa: S608 - marks
        request.messages,
    )
    return [SentRequest(row["sim"], from_text(row["written_at"])) for row in rows]


def has_failed(db: sqlite3.Connection, request: OpenRequest) -> bool:
    """Returns True if nothing of a request has reached its number, or will: it may be made again."""
    marks = ", ".join("?" * len(request.messages))
    rows = db.execute(f"SELECT state FROM message WHERE id IN ({marks})", request.messages).fetchall()  # noqa: S608 - marks
    return bool(rows) and all(row["state"] in _UNSENT_STATES for row in rows)


def find_last_expiry(db: sqlite3.Connection, number: str, list_name: str | None) -> datetime | None:
    """Returns when a request to a number about a list expired last; None if none did."""
    row = db.execute(
        """SELECT at FROM consent_event
           WHERE number = ? AND action = ? AND list IS ? AND channel <> ? ORDER BY id DESC LIMIT 1""",
        (number, ConsentAction.EXPIRE, list_name, NOT_SENT),
    ).fetchone()
    return from_text(row["at"]) if row else None


def _parse(row: sqlite3.Row) -> OpenRequest:
    return OpenRequest(
        number=row["number"],
        list_name=row["list"] or None,
        requested_at=from_text(row["requested_at"]),
        expires_at=from_text(row["expires_at"]),
        remind_at=from_text(row["remind_at"]) if row["remind_at"] else None,
        messages=tuple(json.loads(row["messages"])),
        language=row["language"],
        sim=row["sim"],
    )
