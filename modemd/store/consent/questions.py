"""Questions: messages that declared words as answers; for a day, these words are answers and no words of consent."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

from modemd.rules.consent.words.decision import make_answer_words
from modemd.store.timestamps import to_text

# So long after it was sent, a question is open.
OPEN_FOR = timedelta(hours=24)


def read_open(db: sqlite3.Connection, number: str, now: datetime) -> frozenset[str] | None:
    """Returns the answer words, normalised, of the questions that are open to a number; None if none is."""
    rows = db.execute(
        """SELECT m.answers FROM message m INDEXED BY message_question
           WHERE m.number = ? AND m.answers IS NOT NULL AND EXISTS (
               SELECT 1 FROM attempt a WHERE a.message_id = m.id AND a.opened_at > ?
                   AND a.outcome IN ('open', 'sent', 'unknown'))""",
        (number, to_text(now - OPEN_FOR)),
    ).fetchall()
    if not rows:
        return None
    return make_answer_words(word for row in rows for word in json.loads(row["answers"]))
