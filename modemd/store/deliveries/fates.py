"""Fates of messages: reads from attempts and reports what became of each message.

Attempts are found by their ids, which ascend with time: no index is needed for that.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from itertools import groupby

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.filter_watch.destinations import find_destination
from modemd.rules.filter_watch.judgement import MessageFate, SentMessage, is_refusal
from modemd.store.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """Messages that are compared with each other: those of a SIM to a destination, marketing or all other classes. A rate over
    different classes or destinations would fall if only their mix changes."""

    sim: str
    destination: str
    is_marketing: bool


@dataclass(frozen=True, slots=True)
class ConcludedMessage:
    """Message whose fate is known: its group, when its last attempt began (as stored), and its fate."""

    group: DeliveryGroup
    at: str
    sent: SentMessage

    @property
    def began_at(self) -> datetime:
        """The time at which its last attempt began."""
        return from_text(self.at)


@dataclass(frozen=True, slots=True)
class FateBatch:
    """Messages in the order of their last attempts. `last_attempt`: the last attempt that was read; None if there was none."""

    messages: tuple[ConcludedMessage, ...]
    last_attempt: int | None


def find_last_attempt(db: sqlite3.Connection, before: datetime) -> int:
    """Returns the last attempt that began before a moment; 0 if there is none. Halves the range of ids until it is found: if the
    clock was set back, it may be a neighbour."""
    low, high = 0, int(db.execute("SELECT coalesce(max(id), 0) FROM attempt").fetchone()[0])
    moment = to_text(before)
    while low < high:  # the answer is in low..high
        middle = (low + high + 1) // 2
        row = db.execute("SELECT opened_at FROM attempt WHERE id <= ? ORDER BY id DESC LIMIT 1", (middle,)).fetchone()
        if row is None or row["opened_at"] < moment:
            low = middle
        else:
            high = middle - 1
    return low


def read_fates(
    db: sqlite3.Connection, after: int, until: int, concluded_before: datetime, soon: timedelta, limit: int
) -> FateBatch:
    """Returns the messages with attempts after one and until another, at most `limit` attempts. `soon`: a message that arrives
    later is late. A message without a report counts only if it was sent before `concluded_before`. A message that is read in two
    steps counts in each."""
    rows = db.execute(
        _FATES, {"after": after, "until": until, "limit": limit, "soon": soon / timedelta(days=1)}
    ).fetchall()
    by_message: dict[int, list[sqlite3.Row]] = {}
    for message, found in groupby(rows, key=lambda row: int(row["message_id"])):
        by_message[message] = [*by_message.pop(message, ()), *found]  # last: its newest attempt decides its place
    messages = (_conclude(attempts, to_text(concluded_before)) for attempts in by_message.values())
    return FateBatch(tuple(each for each in messages if each is not None), rows[-1]["id"] if rows else None)


# In-time deliveries are told by the stamps of the service centre alone: a report that waits on the SIM while its modem is
# unplugged comes late and is none.
_FATES = """
    WITH read AS (SELECT * FROM attempt WHERE id > :after AND id <= :until ORDER BY id LIMIT :limit)
    SELECT a.id, a.message_id, a.number, a.sim, a.opened_at, a.outcome, a.error, m.class, m.report, r.outcome AS reported,
        coalesce(julianday(r.discharged_at) - julianday(r.accepted_at),
            julianday(r.stored_at) - julianday(a.opened_at)) <= :soon AS is_soon
    FROM read a JOIN message m ON m.id = a.message_id LEFT JOIN report r ON r.attempt_id = a.id
    ORDER BY a.id
"""


def _conclude(attempts: list[sqlite3.Row], concluded_before: str) -> ConcludedMessage | None:
    """Returns the fate of a message by its attempts, oldest first; None while nothing is known, or if no group is."""
    last = attempts[-1]
    destination = find_destination(last["number"])
    fate = _find_fate(attempts, concluded_before)
    if fate is None or destination is None:
        return None
    group = DeliveryGroup(last["sim"], destination, last["class"] == MessageClass.MARKETING)
    return ConcludedMessage(group, last["opened_at"], SentMessage(last["number"], fate))


def _find_fate(attempts: list[sqlite3.Row], concluded_before: str) -> MessageFate | None:
    last = attempts[-1]
    if not any(each["outcome"] == "sent" for each in attempts):
        is_refused = last["outcome"] == "refused" and is_refusal(last["error"])
        return MessageFate.REFUSED if is_refused else None
    delivered = [bool(each["is_soon"]) for each in attempts if each["reported"] == "delivered"]
    if delivered:
        return MessageFate.DELIVERED if any(delivered) else MessageFate.LATE
    if any(each["reported"] == "permanent" for each in attempts):
        return MessageFate.UNDELIVERABLE
    if not last["report"]:
        return MessageFate.ACCEPTED
    return MessageFate.MISSING if last["opened_at"] < concluded_before else None
