"""Contact holds: decides again about what is held for its contact's sake, after the rules have changed."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.rules.waits import CONTACT_HOLDS
from modemd.store.consent import contact_facts
from modemd.store.timestamps import from_text, to_text

# Numbers of one step.
STEP = 50


def decide_again(db: sqlite3.Connection, rules: SendingRules, after: str, now: datetime) -> str | None:
    """Decides again about the held marketing of the next numbers behind `after`: what may go is due now, or at the time that it
    is planned for, the rest when the rules say. Returns the last of these numbers; None if there are no more."""
    numbers = [row["number"] for row in db.execute(_NUMBERS_SQL, (after, MessageClass.MARKETING.rank, STEP))]
    for number in numbers:
        for row in db.execute(_MESSAGES_SQL, (number, MessageClass.MARKETING.rank)).fetchall():
            if row["reason"] in CONTACT_HOLDS:
                _decide_again(db, rules, row, now)
    return numbers[-1] if numbers else None


_NUMBERS_SQL = """
    SELECT DISTINCT number FROM part INDEXED BY part_held
    WHERE state = 'held' AND number > ? AND rank = ? ORDER BY number LIMIT ?
"""
_MESSAGES_SQL = """
    SELECT m.id, m.number, m.reason, m.parts, m.list, m.at, m.expires_at, min(p.due) AS due
    FROM part p INDEXED BY part_held JOIN message m ON m.id = p.message_id
    WHERE p.state = 'held' AND p.number = ? AND p.rank = ? GROUP BY m.id
"""


def _decide_again(db: sqlite3.Connection, rules: SendingRules, row: sqlite3.Row, now: datetime) -> None:
    contact = contact_facts.read(db, row["number"], MessageClass.MARKETING, now, row["list"])
    begins = max(now, from_text(row["at"])) if row["at"] is not None else now
    hold = rules.find_hold(MessageClass.MARKETING, row["number"], contact, begins, row["parts"])
    due = to_text(hold.find_end(from_text(row["expires_at"])) if hold is not None else begins)
    if hold is None and begins > now:
        db.execute("UPDATE message SET reason = 'scheduled' WHERE id = ?", (row["id"],))
    if due != row["due"]:
        db.execute("UPDATE part SET due = ? WHERE message_id = ? AND state = 'held'", (due, row["id"]))
