"""Texts about consent that administrators have changed, with who changed them and why."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import ConsentText
from modemd.store.events import Authorship, add_event
from modemd.store.timestamps import to_text

SOURCE = "administrator"


def put(db: sqlite3.Connection, entry: ConsentText, authorship: Authorship, now: datetime) -> list[ConsentText]:
    """Stores a text in place of ours or of an earlier change. Returns every changed text."""
    db.execute(
        "INSERT OR REPLACE INTO consent_text (language, kind, text, proofread, segments, changed_at, changed_by, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(entry.language, entry.kind.value, entry.text, entry.is_proofread, entry.segments),
            *(to_text(now), authorship.by, authorship.why),
        ),
    )
    named = {"language": entry.language, "kind": entry.kind.value, "text": entry.text}
    add_event(db, None, now, "consent text changed", **named, by=authorship.by, why=authorship.why)
    return list_changed(db)


def delete(
    db: sqlite3.Connection, language: str, kind: TextKind, authorship: Authorship, now: datetime
) -> list[ConsentText] | None:
    """Deletes a change, so that our text is in force again. Returns every text that is still changed; None if there was no such
    change."""
    found = db.execute("DELETE FROM consent_text WHERE language = ? AND kind = ?", (language, kind.value))
    if not found.rowcount:
        return None
    named = {"language": language, "kind": kind.value}
    add_event(db, None, now, "consent text reset", **named, by=authorship.by, why=authorship.why)
    return list_changed(db)


def list_changed(db: sqlite3.Connection) -> list[ConsentText]:
    """Returns every changed text, by language and kind."""
    return [
        ConsentText(
            row["language"],
            TextKind(row["kind"]),
            row["text"],
            is_proofread=bool(row["proofread"]),
            source=SOURCE,
            segments=row["segments"],
            changed_by=row["changed_by"],
            changed_at=row["changed_at"],
            why=row["why"],
        )
        for row in db.execute("SELECT * FROM consent_text ORDER BY language, kind")
    ]
