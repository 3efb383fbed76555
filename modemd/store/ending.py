"""Ends messages before all their parts were sent: cancelled, expired, or withdrawn after an opt-out."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from modemd.rules import states
from modemd.rules.classes import MessageClass
from modemd.rules.refusals import RefusalCode
from modemd.store.transitions import advance_part, update_message_state

# The rest of a message of which a part has left is valid for so much longer.
REMAINDER_VALIDITY = timedelta(hours=24)


def end_overdue_parts(
    db: sqlite3.Connection, parts: Sequence[sqlite3.Row], now: datetime, reason: str = RefusalCode.VALIDITY_OVER
) -> None:
    """Ends waiting parts whose time is over, or will be before they may go (`reason`). They expire; the rest of a started message
    fails; and a part that waited to be repeated is unknown again."""
    for part in parts:
        advance_part(db, part, _find_ending_event(db, part), now)
    for message_id in {part["message_id"] for part in parts}:
        update_message_state(db, message_id, now, reason)


def _find_ending_event(db: sqlite3.Connection, part: sqlite3.Row) -> states.PartEvent:
    if part["repeats"]:
        return states.PartEvent.GIVEN_UP
    started = db.execute(
        "SELECT 1 FROM part WHERE message_id = ? AND state NOT IN ('held', 'queued', 'expired') LIMIT 1",
        (part["message_id"],),
    ).fetchone()
    return states.PartEvent.REFUSED if started else states.PartEvent.EXPIRED


def cancel_waiting_messages(
    db: sqlite3.Connection,
    number: str,
    message_class: MessageClass,
    now: datetime,
    reason: str,
    *,
    list_name: str | None = None,
    keep: Collection[int] = (),
) -> int:
    """Cancels the parts of a class that wait for `number`. Returns how many messages it ended, in part or whole. Parts on the air
    stay. `list_name`: only of messages to this list; `keep`: messages that stay."""
    waiting = db.execute(_WAITING_SQL, {"number": number, "rank": message_class.rank}).fetchall()
    waiting = [part for part in waiting if part["message_id"] not in keep and _is_of_list(db, part, list_name)]
    return _cancel_parts(db, sorted(waiting, key=lambda part: (-part["started"], part["id"])), now, reason)


def _is_of_list(db: sqlite3.Connection, part: sqlite3.Row, list_name: str | None) -> bool:
    sql = "SELECT 1 FROM message WHERE id = ? AND list = ?"
    return list_name is None or db.execute(sql, (part["message_id"], list_name)).fetchone() is not None


_WAITING_SQL = """
    SELECT * FROM part INDEXED BY part_held WHERE number = :number AND rank = :rank AND state = 'held'
    UNION ALL
    SELECT * FROM part INDEXED BY part_in_flight
    WHERE number = :number AND rank = :rank AND state IN ('queued', 'sending') AND state = 'queued'
"""


def cancel_waiting_parts(db: sqlite3.Connection, message_id: int, now: datetime, reason: str) -> int:
    """Cancels the parts of a message that still wait. Returns 1 if there were any, else 0."""
    waiting = db.execute(
        "SELECT * FROM part WHERE message_id = ? AND state IN ('held', 'queued')", (message_id,)
    ).fetchall()
    return _cancel_parts(db, waiting, now, reason)


def _cancel_parts(db: sqlite3.Connection, parts: list[sqlite3.Row], now: datetime, reason: str) -> int:
    for part in parts:
        advance_part(db, part, states.PartEvent.CANCELLED, now, reason=reason)
    messages = {part["message_id"] for part in parts}
    for message_id in messages:
        update_message_state(db, message_id, now, reason)
    return len(messages)
