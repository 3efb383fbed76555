"""What came in: durable before it is deleted on the modem, once however often the network repeats it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules.classes import Kind
from modemd.store.journal import note
from modemd.store.timestamps import kept, moment

# How long the same TPDU on the same SIM counts as a repetition, and how long a set waits for its missing parts.
REPETITION = timedelta(days=7)
PATIENCE = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A DELIVER as it came in. `set_key` names the set a part belongs to (sender, width, reference, total), `seq` its place.

    `text` is what this part alone says; `sent_at` the network's stamp, None where it is rubbish.
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


@dataclass(frozen=True, slots=True)
class Whole:
    """A message that is complete with this arrival."""

    inbox_id: int
    sender: str
    sim: str
    kind: Kind
    text: str


Join = Callable[[Sequence[bytes]], tuple[Kind, str]]


def keep(db: sqlite3.Connection, arrival: Arrival, join: Join, now: datetime) -> Whole | None:
    """Keep an arrival. The message that it completes; None: a repetition, or parts are missing still.

    `join` tells kind and text of a set from its TPDUs in order of sequence: what it is shows when it is whole.
    """
    fingerprint = hashlib.sha256(arrival.sim.encode() + b"\0" + arrival.tpdu).digest()
    repeated = db.execute(
        "SELECT 1 FROM inbox_part WHERE fingerprint = ? AND stored_at > ?", (fingerprint, kept(now - REPETITION))
    ).fetchone()
    if repeated:
        return None
    inbox_id = _open_set(db, arrival, now)
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
                kept(arrival.sent_at) if arrival.sent_at else None,
                kept(now),
            ),
        ).lastrowid
        assert inbox_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    db.execute(
        "INSERT INTO inbox_part (inbox_id, set_key, seq, tpdu, fingerprint, stored_at) VALUES (?, ?, ?, ?, ?, ?)",
        (inbox_id, arrival.set_key, arrival.seq, arrival.tpdu, fingerprint, kept(now)),
    )
    tpdus = [
        row["tpdu"]
        for row in db.execute("SELECT tpdu FROM inbox_part WHERE inbox_id = ? ORDER BY seq", (inbox_id,)).fetchall()
    ]
    complete = len(tpdus) == arrival.total
    kind, text = (arrival.kind, arrival.text) if arrival.total == 1 else join(tpdus)
    db.execute(
        "UPDATE inbox SET parts = ?, kind = ?, text = ?, complete = ?, stored_at = ? WHERE id = ?",
        (len(tpdus), kind, text, complete, kept(now), inbox_id),
    )
    return Whole(inbox_id, arrival.sender, arrival.sim, kind, text) if complete else None


def missed_call(db: sqlite3.Connection, sim: str, caller: str, now: datetime) -> int:
    """Keep a call that nobody answered, from `caller` (empty where withheld): its id in the inbox. Each call is a row."""
    inbox_id = db.execute(
        """INSERT INTO inbox (sender, to_sim, kind, text, parts, total, complete, stored_at)
           VALUES (?, ?, 'call', 'missed call', 1, 1, 1, ?)""",
        (caller, sim, kept(now)),
    ).lastrowid
    assert inbox_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    note(
        db, None, now, "missed call", inbox=inbox_id
    )  # the latest moment that is stored is looked for among the events
    return inbox_id


def _open_set(db: sqlite3.Connection, arrival: Arrival, now: datetime) -> int | None:
    """The newest set that still lacks this part; None where a new one begins. A number taken twice begins a new set."""
    if arrival.set_key is None:
        return None
    row = db.execute(
        """SELECT i.id FROM inbox_part p JOIN inbox i ON i.id = p.inbox_id
           WHERE p.set_key = ? AND i.to_sim = ? AND i.complete = 0 AND i.stored_at > ?
                 AND NOT EXISTS (SELECT 1 FROM inbox_part o WHERE o.inbox_id = i.id AND o.seq = ?)
           ORDER BY p.id DESC LIMIT 1""",
        (arrival.set_key, arrival.sim, kept(now - PATIENCE), arrival.seq),
    ).fetchone()
    return int(row["id"]) if row else None


def show_incomplete(db: sqlite3.Connection, now: datetime) -> int:
    """Show, marked as incomplete, the sets that have waited long enough: how many."""
    return db.execute(
        "UPDATE inbox SET shown_at = ? WHERE complete = 0 AND shown_at IS NULL AND stored_at <= ?",
        (kept(now), kept(now - PATIENCE)),
    ).rowcount


def next_due(db: sqlite3.Connection) -> datetime | None:
    """When a set will have waited long enough."""
    oldest = db.execute("SELECT min(stored_at) FROM inbox WHERE complete = 0 AND shown_at IS NULL").fetchone()[0]
    return moment(oldest) + PATIENCE if oldest else None
