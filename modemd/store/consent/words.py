"""Words of consent: stores and reads the changes that administrators make to them."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.keywords import ChangeKind, KeywordAction, WordChange, make_change_key
from modemd.store.events import Authorship, add_event
from modemd.store.timestamps import to_text


@dataclass(frozen=True, slots=True)
class WordChangeRow:
    """Change of a word that is stored: the change itself, who made it, why and when."""

    change: WordChange
    by: str
    why: str
    at: str


def list_changes(db: sqlite3.Connection) -> list[WordChangeRow]:
    """Returns every change that is in force."""
    return [
        WordChangeRow(
            WordChange(
                ChangeKind(row["kind"]),
                row["spelling"],
                KeywordAction(row["action"]) if row["action"] else None,
                row["language"],
                row["country"] or None,
            ),
            row["by"],
            row["why"],
            row["at"],
        )
        for row in db.execute("SELECT * FROM consent_word ORDER BY word, country")
    ]


def store_change(db: sqlite3.Connection, change: WordChange, authorship: Authorship, now: datetime) -> None:
    """Stores a change in the place of an earlier one of the same word and country, and an event that tells of it."""
    country, word = make_change_key(change)
    action = change.action.value if change.action is not None else None
    db.execute(
        "INSERT OR REPLACE INTO consent_word VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(country or "", word, change.kind.value, change.word, action, change.language),
            *(authorship.by, authorship.why, to_text(now)),
        ),
    )
    add_event(
        db,
        None,
        now,
        f"word {change.kind.value}",
        word=change.word,
        action=action,
        language=change.language,
        country=change.country,
        by=authorship.by,
        why=authorship.why,
    )
