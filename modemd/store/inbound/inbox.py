"""Inbox: stores inbound messages before they are deleted on the modem, once however often the network repeats them.

A message that a modem does not delete is remembered as long as its slot holds it. `reassembly.py` finds the set that a part of a
long message belongs to.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.classes import Kind
from modemd.store.events import add_event
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.reassembly import RECEIVED, find_open_set
from modemd.store.timestamps import to_text

# So long the same TPDU on the same SIM counts as a repetition.
REPETITION_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CompleteMessage:
    """Message that is complete with this arrival."""

    inbox_id: int
    sender: str
    sim: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Correspondents:
    """The two ends of an inbound message: the number of the sender, empty if there is none, and the SIM that received it."""

    sender: str
    sim: str


def read_correspondents(db: sqlite3.Connection, inbox_id: int) -> Correspondents | None:
    """Returns the two ends of an inbound message that is listed; None if there is no such message."""
    row = db.execute(
        "SELECT sender, to_sim FROM inbox WHERE id = ? AND (complete = 1 OR shown_at IS NOT NULL)", (inbox_id,)
    ).fetchone()
    return Correspondents(row["sender"], row["to_sim"]) if row is not None else None


JoinParts = Callable[[Sequence[bytes]], tuple[Kind, str]]


def store_arrival(db: sqlite3.Connection, arrival: Arrival, join: JoinParts, now: datetime) -> CompleteMessage | None:
    """Stores an arrival. Returns the message that it completes; None if it is a repetition, or parts are missing still.

    `join` returns kind and text of a set from its TPDUs in order of sequence; the kind is certain when the set is complete.
    """
    fingerprint = find_fingerprint(arrival)
    repeated = db.execute(
        "SELECT id, slot FROM inbox_part WHERE fingerprint = ? AND (stored_at > ? OR slot = ?) ORDER BY stored_at DESC",
        (fingerprint, to_text(now - REPETITION_WINDOW), arrival.slot),
    ).fetchone()
    if repeated is not None:
        if arrival.slot is not None and repeated["slot"] != arrival.slot:
            db.execute("UPDATE inbox_part SET slot = ? WHERE id = ?", (arrival.slot, repeated["id"]))
        return None
    if arrival.slot is not None:  # what was there before is gone
        db.execute(
            """UPDATE inbox_part SET slot = NULL
               WHERE slot = ? AND (SELECT to_sim FROM inbox WHERE id = inbox_part.inbox_id) = ?""",
            (arrival.slot, arrival.sim),
        )
    inbox_id = find_open_set(db, arrival, now)
    if inbox_id is None:
        inbox_id = db.execute(
            """INSERT INTO inbox (sender, to_sim, kind, text, parts, total, complete, sent_at, stored_at)
               VALUES (?, ?, ?, ?, 0, ?, 0, ?, ?)""",
            (
                arrival.sender,
                arrival.sim,
                arrival.kind,
                arrival.text,
                arrival.total,
                to_text(arrival.sent_at) if arrival.sent_at else None,
                to_text(now),
            ),
        ).lastrowid
        assert inbox_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    db.execute(
        "INSERT INTO inbox_part (inbox_id, set_key, seq, tpdu, fingerprint, stored_at) VALUES (?, ?, ?, ?, ?, ?)",
        (inbox_id, arrival.set_key, arrival.seq, arrival.tpdu, fingerprint, to_text(now)),
    )
    tpdus = [
        row["tpdu"]
        for row in db.execute("SELECT tpdu FROM inbox_part WHERE inbox_id = ? ORDER BY seq", (inbox_id,)).fetchall()
    ]
    complete = len(tpdus) == arrival.total
    kind, text = (arrival.kind, arrival.text) if arrival.total == 1 else join(tpdus)
    db.execute(
        """UPDATE inbox SET parts = ?, kind = ?, text = ?, complete = ?, stored_at = ?, sent_at = coalesce(sent_at, ?)
           WHERE id = ?""",
        (
            len(tpdus),
            kind,
            text,
            complete,
            to_text(now),
            to_text(arrival.sent_at) if arrival.sent_at else None,
            inbox_id,
        ),
    )
    if not complete:
        return None
    add_event(db, None, now, RECEIVED, inbox=inbox_id)
    return CompleteMessage(inbox_id, arrival.sender, arrival.sim, kind, text)


def note_word(db: sqlite3.Connection, inbox_id: int, action: str) -> None:
    """Stores with the event of a message that has just come in which word of consent it was. Who is told of the event needs to
    know: modemd has acted on it, and has answered it."""
    db.execute(
        """UPDATE event SET detail = json_set(detail, '$.word', ?)
           WHERE id = (SELECT id FROM event WHERE what = ? AND message_id IS NULL ORDER BY id DESC LIMIT 1)
             AND json_extract(detail, '$.inbox') = ?""",
        (action, RECEIVED, inbox_id),
    )


def find_fingerprint(arrival: Arrival) -> bytes:
    """Returns what is the same each time the network delivers a part to a SIM, as a hash."""
    octets = arrival.tpdu if arrival.lasting is None else arrival.lasting
    return hashlib.sha256(arrival.sim.encode() + b"\0" + octets).digest()


def store_missed_call(db: sqlite3.Connection, sim: str, caller: str, now: datetime) -> int:
    """Stores a missed call from `caller` (empty if withheld), each as a row of its own. Returns its id in the inbox."""
    inbox_id = db.execute(
        """INSERT INTO inbox (sender, to_sim, kind, text, parts, total, complete, stored_at)
           VALUES (?, ?, 'call', 'missed call', 1, 1, 1, ?)""",
        (caller, sim, to_text(now)),
    ).lastrowid
    assert inbox_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    add_event(
        db, None, now, "missed call", inbox=inbox_id
    )  # the latest moment that is stored is looked for among the events
    return inbox_id
