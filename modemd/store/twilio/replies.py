"""Facts about an inbound message that decide whether an application may answer it."""

from __future__ import annotations

import sqlite3

from modemd.light_dataclass import dataclass
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import statements


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """Facts about an inbound message: its sender, and the SIM that received it. `is_word`: it was a word of consent, which modemd
    has answered or counted; `marketing`: what the sender has said about marketing."""

    sender: str
    sim: str
    is_word: bool
    marketing: Marketing


def read_facts(db: sqlite3.Connection, inbox_id: int) -> ReplyFacts | None:
    """Returns the facts about an inbound text; None if there is no such text."""
    row = db.execute(
        """SELECT i.sender, i.to_sim,
               EXISTS (SELECT 1 FROM consent_event e WHERE e.number = i.sender AND e.inbox_id = i.id)
               OR EXISTS (SELECT 1 FROM consent_answer a WHERE a.number = i.sender AND a.at = i.stored_at) AS is_word
           FROM inbox i WHERE i.id = ? AND i.kind = 'text' AND (i.complete = 1 OR i.shown_at IS NOT NULL)""",
        (inbox_id,),
    ).fetchone()
    if row is None:
        return None
    marketing = statements.read_marketing(db, row["sender"])
    return ReplyFacts(row["sender"], row["to_sim"], bool(row["is_word"]), marketing)
