"""Inbox: stores inbound messages before they are deleted on the modem, once however often the network repeats them.

A message that a modem does not delete is remembered as long as its slot holds it. The parts of a long message are kept until all
are there, or until 72 hours have passed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules.classes import Kind
from modemd.store.events import add_event
from modemd.store.timestamps import from_text, to_text

# So long the same TPDU on the same SIM counts as a repetition; so long a set waits for its missing parts.
REPETITION_WINDOW = timedelta(days=7)
INCOMPLETE_AFTER = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Arrival:
    """DELIVER as it came in. `set_key` names the set of parts that it belongs to (sender, width, reference, total, alphabet),
    `seq` its place, and `spread` the longest time between the stamps of two parts of one set.

    `text` is the text of this part alone; `sent_at` the network's stamp, None if it is rubbish. `lasting` are the octets that
    are the same if the network delivers the message again; None: all of `tpdu`. `slot` names memory and place from which it was
    read; None if the modem did not store it.
    """

    sim: str
    tpdu: bytes
    sender: str
    kind: Kind
    text: str
    sent_at: datetime | None
    set_key: str | None = None
    seq: int = 1
    total: int = 1
    spread: timedelta = timedelta.max
    lasting: bytes | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class CompleteMessage:
    """Message that is complete with this arrival."""

    inbox_id: int
    sender: str
    sim: str
    kind: Kind
    text: str


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
    inbox_id = _find_open_set(db, arrival, now)
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
    return CompleteMessage(inbox_id, arrival.sender, arrival.sim, kind, text) if complete else None


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


def _find_open_set(db: sqlite3.Connection, arrival: Arrival, now: datetime) -> int | None:
    """Returns the newest set that still lacks this part; None if a new one begins. A place that is taken begins a new set, and so
    does a stamp that is too far from the set's: senders use references again."""
    if arrival.set_key is None:
        return None
    rows = db.execute(
        """SELECT i.id, i.sent_at FROM inbox_part p JOIN inbox i ON i.id = p.inbox_id
           WHERE p.set_key = ? AND i.to_sim = ? AND i.complete = 0 AND i.stored_at > ?
                 AND NOT EXISTS (SELECT 1 FROM inbox_part o WHERE o.inbox_id = i.id AND o.seq = ?)
           ORDER BY p.id DESC""",
        (arrival.set_key, arrival.sim, to_text(now - INCOMPLETE_AFTER), arrival.seq),
    )
    return next((int(row["id"]) for row in rows if _is_close(arrival, row["sent_at"])), None)


def _is_close(arrival: Arrival, stamp: str | None) -> bool:
    """True if the network's stamp of a set can be of the same message as an arrival's. No stamp proves nothing."""
    return stamp is None or arrival.sent_at is None or abs(from_text(stamp) - arrival.sent_at) <= arrival.spread


def show_incomplete(db: sqlite3.Connection, now: datetime) -> int:
    """Shows, marked as incomplete, the sets that have waited long enough. Returns how many."""
    return db.execute(
        "UPDATE inbox SET shown_at = ? WHERE complete = 0 AND shown_at IS NULL AND stored_at <= ?",
        (to_text(now), to_text(now - INCOMPLETE_AFTER)),
    ).rowcount


def next_due(db: sqlite3.Connection) -> datetime | None:
    """Returns when the next set will have waited long enough; None if none waits."""
    oldest = db.execute("SELECT min(stored_at) FROM inbox WHERE complete = 0 AND shown_at IS NULL").fetchone()[0]
    return from_text(oldest) + INCOMPLETE_AFTER if oldest else None
