"""The rows that tell a message's story, and the one place where parts and messages change state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from modemd.rules import states
from modemd.store.timestamps import to_text

_JSON = json.JSONEncoder(ensure_ascii=False)


_NO_COLUMNS: Mapping[str, object] = MappingProxyType({})


def add_event(db: sqlite3.Connection, message_id: int | None, now: datetime, what: str, **detail: object) -> None:
    """Leave an event row. `detail` is kept as JSON, without the entries that are None."""
    told = {key: value for key, value in detail.items() if value is not None}
    db.execute(
        "INSERT INTO event (message_id, at, what, detail) VALUES (?, ?, ?, ?)",
        (message_id, to_text(now), str(what), _JSON.encode(told) if told else None),
    )


def advance_part(
    db: sqlite3.Connection,
    part: sqlite3.Row,
    event: states.PartEvent,
    now: datetime,
    also: Mapping[str, object] = _NO_COLUMNS,
    **detail: object,
) -> None:
    """Take a part through the table of states; it is due for nothing then. `also`: other columns of it that change in the same
    stroke. `refresh` its message afterwards."""
    state = states.find_next_state(states.PartState(part["state"]), event)
    _update_columns(db, "part", part["id"], {"state": str(state), "due": None, **also})
    add_event(db, part["message_id"], now, event, part=part["seq"], **detail)


def list_parts(db: sqlite3.Connection, message_id: int) -> list[sqlite3.Row]:
    """All parts of a message, in order."""
    return db.execute("SELECT * FROM part WHERE message_id = ? ORDER BY seq", (message_id,)).fetchall()


def update_message_state(
    db: sqlite3.Connection,
    message_id: int,
    now: datetime,
    reason: str | None = None,
    also: Mapping[str, object] = _NO_COLUMNS,
    *,
    delivered_at: str | None = None,
) -> states.MessageState:
    """Let a message's state follow from its parts; `reason` is kept where it is told, and the one
    before where a part has ended without being delivered. `also`: other columns of it that change in the same stroke;
    `delivered_at`: kept where that is its state then."""
    parts = db.execute(_CURRENT_STATE_SQL, (message_id,)).fetchall()
    message = parts[0]
    own = {states.PartState(part["state"]) for part in parts}
    state = states.derive_message_state(own, tried=any(part["tries"] for part in parts))
    changed = dict(also)
    if state != message["message_state"] or reason is not None:
        changed["state"] = str(state)
        if reason is not None or not _ENDED & own:
            changed["reason"] = reason
        if own <= states.HAS_LEFT and message["sent_at"] is None:
            changed["sent_at"] = to_text(now)
        if state in states.FINAL_MESSAGES and message["closed_at"] is None:
            changed["closed_at"] = to_text(now)
        if state is states.MessageState.DELIVERED and delivered_at is not None:
            changed["delivered_at"] = delivered_at
    if changed:
        _update_columns(db, "message", message_id, changed)
    if "state" in changed and state in states.FINAL_MESSAGES and not states.AWAITING_REPORT & own:
        # Nothing more is expected of its attempts: reports no longer look at them. One that stayed unknown is looked at all the
        # same: a report may be its own, and must not be taken for proof of another that is unknown too.
        db.execute("UPDATE attempt SET matchable = 0 WHERE message_id = ? AND outcome <> 'unknown'", (message_id,))
    if state != message["message_state"]:
        add_event(db, message_id, now, f"message {state}", reason=reason)
    return state


_CURRENT_STATE_SQL = """
    SELECT p.state, p.tries, m.state AS message_state, m.sent_at, m.closed_at
    FROM part p JOIN message m ON m.id = p.message_id WHERE p.message_id = ?
"""


# One of these keeps the reason that its message has.
_ENDED = states.FINAL_PARTS - {states.PartState.DELIVERED}


def _update_columns(db: sqlite3.Connection, table: str, row: int, values: Mapping[str, object]) -> None:
    """Change a row by one statement. It names no column that stays: SQLite looks after every index of those that are named."""
    columns = ", ".join([f"{column} = :{column}" for column in values])
    db.execute(f"UPDATE {table} SET {columns} WHERE id = :id", {**values, "id": row})  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who decided, and why."""

    by: str
    why: str
