"""Callbacks: addresses that are told of one message each, in the form of Twilio."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Literal

from modemd.light_dataclass import dataclass
from modemd.store.changes.feed import Cursor, make_stamp
from modemd.store.rows import read_row
from modemd.store.webhooks import mark

CallbackMethod = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class CallbackTarget:
    """Address that is told of a message, by the API key whose token signs. `is_pooled`: any SIM may send the message."""

    message_id: int
    url: str
    method: CallbackMethod
    key_id: int
    is_pooled: bool


def add_callback(db: sqlite3.Connection, message_id: int, url: str, method: CallbackMethod, key_id: int) -> None:
    """Stores the address that is told of a message. Call it in the transaction that accepts the message, and then
    `service.webhooks.wake`. The caller has checked the address (`rules.webhooks.targets.parse_target`)."""
    first = db.execute("SELECT id, at FROM event WHERE message_id = ? ORDER BY id LIMIT 1", (message_id,)).fetchone()
    ledger = db.execute("SELECT coalesce(max(id), 0) FROM consent_event").fetchone()[0]
    if first is not None:
        mark.start(db, Cursor(first["id"] - 1, ledger, make_stamp(first["at"])))
    db.execute(
        "INSERT INTO webhook_callback (message_id, url, method, key_id) VALUES (?, ?, ?, ?)",
        (message_id, url, method, key_id),
    )


def find_callbacks(db: sqlite3.Connection, messages: Collection[int]) -> dict[int, CallbackTarget]:
    """Returns the callbacks of these messages, by message."""
    marks = ", ".join("?" * len(messages))
    sql = f"""SELECT c.message_id, c.url, c.method, c.key_id, m.pinned IS NULL AS is_pooled
              FROM webhook_callback c JOIN message m ON m.id = c.message_id WHERE c.message_id IN ({marks})"""  # noqa: S608 - marks
    return {row["message_id"]: read_row(CallbackTarget, row) for row in db.execute(sql, tuple(messages))}


def find_callback(db: sqlite3.Connection, message_id: int) -> CallbackTarget | None:
    """Returns the callback of a message; None if it has none."""
    return find_callbacks(db, [message_id]).get(message_id)
