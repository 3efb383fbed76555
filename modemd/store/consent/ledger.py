"""Consent ledger: what contacts said about their consent, and what was asked of them. Rows are only ever added."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modemd.store.timestamps import to_text


class ConsentAction(StrEnum):
    """Action of a consent event."""

    REQUEST = "request"  # the contact was asked to confirm an opt-in
    CONFIRM = "confirm"  # the contact confirmed it
    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    UNDO = "undo"  # a person undid an opt-out
    REVIEW = "review"  # what the contact wrote needs a person
    EXPIRE = "expire"  # the contact did not confirm in time


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """Event of the ledger, about one number (E.164).

    What happened: `action`; `channel` (`sms`, `reading`, or how a person learnt of it: `form`, `phone`, `email`, `paper`, `pos`,
    `social`, `api`, `import`); `occurred_at`, None if it is now, and the local time `zone` there; `list_name`, None for all
    marketing; `sender`: the SIM that is concerned (an ICCID); `actor`: the person, user or program.
    What the contact said: `word`: the keyword; `language`; `words`: the exact text; `inbox_id`; `said_at`: the network's stamp.
    What the contact was shown: `wording`, with its version and language; `messages`: the ids of the requests.
    Proof: `basis`: the legal basis; `evidence`; `url`, `ip`, `user_agent`; `contact_id`: of another system."""

    number: str
    action: ConsentAction
    channel: str
    occurred_at: datetime | None = None
    zone: str | None = None
    list_name: str | None = None
    sender: str | None = None
    actor: str | None = None
    word: str | None = None
    language: str | None = None
    words: str | None = None
    inbox_id: int | None = None
    said_at: datetime | None = None
    wording: str | None = None
    wording_version: str | None = None
    wording_language: str | None = None
    messages: tuple[int, ...] = ()
    basis: str | None = None
    evidence: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    contact_id: str | None = None


def add(db: sqlite3.Connection, event: ConsentEvent, now: datetime) -> int:
    """Adds an event, recorded `now`. Returns its id."""
    columns = {
        "number": event.number,
        "at": to_text(now),
        "action": event.action.value,
        "channel": event.channel,
        "occurred_at": to_text(event.occurred_at) if event.occurred_at else None,
        "zone": event.zone,
        "list": event.list_name,
        "sender": event.sender,
        "actor": event.actor,
        "word": event.word,
        "language": event.language,
        "words": event.words,
        "inbox_id": event.inbox_id,
        "said_at": to_text(event.said_at) if event.said_at else None,
        "wording": event.wording,
        "wording_version": event.wording_version,
        "wording_language": event.wording_language,
        "messages": json.dumps(event.messages) if event.messages else None,
        "basis": event.basis,
        "evidence": event.evidence,
        "url": event.url,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "contact_id": event.contact_id,
    }
    names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    added = db.execute(f"INSERT INTO consent_event ({names}) VALUES ({marks})", columns).lastrowid  # noqa: S608 - our own words
    assert added is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    return added
