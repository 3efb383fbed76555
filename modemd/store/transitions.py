"""Transitions: the only functions that change the states of parts and messages; each change adds its event row.

`rules.states` says which transitions there are. The outcomes of attempts are stored by `store.queue.outcomes`, which calls this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from modemd.rules import states
from modemd.store.events import add_event
from modemd.store.timestamps import to_text

_NO_COLUMNS: Mapping[str, object] = MappingProxyType({})


def advance_part(
    db: sqlite3.Connection,
    part: sqlite3.Row,
    event: states.PartEvent,
    now: datetime,
    also: Mapping[str, object] = _NO_COLUMNS,
    **detail: object,
) -> None:
    """Moves a part to the state that `event` leads to, and clears its `due`. `also`: further columns to set in the same UPDATE.
    Call `update_message_state` afterwards. Raises StateError if the table of states has no such transition."""
    state = states.find_next_state(states.PartState(part["state"]), event)
    _update_columns(db, "part", part["id"], {"state": str(state), "due": None, **also})
    add_event(db, part["message_id"], now, event, part=part["seq"], **detail)


def list_parts(db: sqlite3.Connection, message_id: int) -> list[sqlite3.Row]:
    """Returns all parts of a message, in order."""
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
    """Derives a message's state from its parts, and stores it if it has changed. `reason` is stored with it; without a reason the
    former one stays if a part has ended without being delivered. `also`: further columns to set in the same UPDATE;
    `delivered_at` is stored if the state is `delivered`. Returns the state."""
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
        # Nothing more is expected of its attempts: reports are no longer matched with them. One that stayed unknown still is: a
        # report may be its own, and must not be taken for proof of another that is unknown too.
        db.execute("UPDATE attempt SET matchable = 0 WHERE message_id = ? AND outcome <> 'unknown'", (message_id,))
    if state != message["message_state"]:
        add_event(db, message_id, now, f"message {state}", reason=reason)
    return state


_CURRENT_STATE_SQL = """
    SELECT p.state, p.tries, m.state AS message_state, m.sent_at, m.closed_at
    FROM part p JOIN message m ON m.id = p.message_id WHERE p.message_id = ?
"""

# A message with a part in one of these states keeps its reason.
_ENDED = states.FINAL_PARTS - {states.PartState.DELIVERED}


def _update_columns(db: sqlite3.Connection, table: str, row: int, values: Mapping[str, object]) -> None:
    """Updates a row by one statement. It names no column that stays: SQLite checks every index of the named ones."""
    columns = ", ".join([f"{column} = :{column}" for column in values])
    db.execute(f"UPDATE {table} SET {columns} WHERE id = :id", {**values, "id": row})  # noqa: S608 - our own words


def release_message(db: sqlite3.Connection, message_id: int, at: str | None, now: datetime, reason: str) -> None:
    """Lets a message that a person held go on: at once, for a reason, or at the time that it is planned for (`at`)."""
    is_later = at is not None and at > to_text(now)
    due, why = (at, "scheduled") if is_later else (to_text(now), reason)
    db.execute("UPDATE part SET due = ? WHERE message_id = ? AND state = 'held'", (due, message_id))
    db.execute("UPDATE message SET reason = ? WHERE id = ?", (why, message_id))
