"""Stores pauses of classes and of SIMs, each with its author and reason; `candidates.py` leaves out what they stop."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.rules.classes import MessageClass
from modemd.rules.pauses import Pause
from modemd.store.events import Authorship, add_event
from modemd.store.rows import PauseRow, read_row
from modemd.store.timestamps import to_text


def list_active(db: sqlite3.Connection) -> list[Pause]:
    """Returns the pauses that are active."""
    return [
        Pause(MessageClass(row["class"]) if row["class"] else None, row["sim"] or None)
        for row in db.execute("SELECT class, sim FROM pause")
    ]


def list_pauses(db: sqlite3.Connection) -> list[PauseRow]:
    """Returns the active pauses, oldest first: since when, by whom and why."""
    rows = db.execute(
        """SELECT nullif(class, '') AS message_class, nullif(sim, '') AS sim, "by", why, at
           FROM pause ORDER BY at, pause.class, pause.sim"""
    )
    return [read_row(PauseRow, row) for row in rows]


def pause(db: sqlite3.Connection, what: Pause, authorship: Authorship, now: datetime) -> None:
    """Pauses what is named, from the next claim on. If it is paused already, the first author and reason stay; the second ones
    are in the events."""
    db.execute(
        """INSERT INTO pause (class, sim, "by", why, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
        (what.message_class or "", what.sim or "", authorship.by, authorship.why, to_text(now)),
    )
    add_event(db, None, now, "paused", **_make_columns(what), **asdict(authorship))


def resume(db: sqlite3.Connection, what: Pause, authorship: Authorship, now: datetime) -> None:
    """Ends exactly this pause; wider and narrower ones stay. Raises Refused with `not_paused` if it is not active."""
    ended = db.execute(
        "DELETE FROM pause WHERE class = ? AND sim = ?", (what.message_class or "", what.sim or "")
    ).rowcount
    if not ended:
        raise Refused(ErrorCode.NOT_PAUSED, f"{what} is not paused; modemd pauses shows what is")
    add_event(db, None, now, "resumed", **_make_columns(what), **asdict(authorship))


def _make_columns(what: Pause) -> dict[str, str | None]:
    return {"class": what.message_class, "sim": what.sim}
