"""Events: adds the rows that tell what happened to a message, a SIM or the store, and who decided it."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.store.timestamps import to_text

# Event of a message that a person has sent once more, as a new one.
RESENT = "resent"
# Event of a message whose text somebody has removed before its time.
REDACTED = "redacted"
_JSON = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Authorship:
    """Author of a decision (`by`: a person or program), and the reason given."""

    by: str
    why: str


def add_event(db: sqlite3.Connection, message_id: int | None, now: datetime, what: str, **detail: object) -> None:
    """Adds an event row. `detail` is stored as JSON, without the entries that are None."""
    told = {key: value for key, value in detail.items() if value is not None}
    db.execute(
        "INSERT INTO event (message_id, at, what, detail) VALUES (?, ?, ?, ?)",
        (message_id, to_text(now), str(what), _JSON.encode(told) if told else None),
    )
