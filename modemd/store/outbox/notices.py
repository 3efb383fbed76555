"""Notices of marketing messages: the text and the parts of a message as it is sent, by what is stored about its contact."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.notice_rules import NoticeFacts, NoticeLack
from modemd.rules.sending_rules import SendingRules
from modemd.store.outbox.outbound_message import OutboundMessage


@dataclass(frozen=True, slots=True)
class FinalMessage:
    """Message with its final text and parts. `has_notice`, `added` and `lacks`: as in `NoticedMessage`."""

    new: OutboundMessage
    has_notice: bool = False
    added: tuple[str, ...] = ()
    lacks: tuple[NoticeLack, ...] = ()


def finish(db: sqlite3.Connection, new: OutboundMessage, rules: SendingRules) -> FinalMessage:
    """Returns a message as it is sent: marketing with the notice that is due to its contact, anything else as it was submitted.
    Raises Refused (`bad_text`) if the notice makes it too long."""
    if rules.notices is None or new.message_class is not MessageClass.MARKETING:
        return FinalMessage(new)
    found = rules.notices.compose(new.text, new.parts, new.number, _read_facts(db, new.number), new.pinned)
    final = replace(new, text=found.text, parts=found.parts)
    return FinalMessage(final, found.has_notice, found.added, found.lacks)


def _read_facts(db: sqlite3.Connection, number: str) -> NoticeFacts:
    row = db.execute("SELECT language, noticed_at FROM contact WHERE number = ?", (number,)).fetchone()
    return NoticeFacts(row["language"], row["noticed_at"] is not None) if row is not None else NoticeFacts()
