"""Lanes as they are kept: which one a message is put in, and which ones hold something."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from modemd.rules.classes import MessageClass, started_rank
from modemd.rules.quotas import URGENT
from modemd.rules.routing import ANY, is_shared, list_prefixes, make_shared_lane, strip_home

# The longest prefix that a rule can name, with its plus.
LONGEST_PREFIX = 8
_NAMED = ", ".join("?" * (LONGEST_PREFIX + 1))


def find_lane(db: sqlite3.Connection, number: str, message_class: MessageClass, pinned: str | None) -> str:
    """The lane of a message that is queued now. Alarm and otp go by whichever SIM that may is free first."""
    if pinned is not None:
        return pinned
    prefixes = list(list_prefixes(number, LONGEST_PREFIX))
    prefixes += [prefixes[-1]] * (LONGEST_PREFIX + 1 - len(prefixes))
    found = db.execute(f"SELECT prefix, lane FROM route WHERE prefix IN ({_NAMED})", prefixes)  # noqa: S608 - marks alone
    lane: str = max(((row["prefix"], row["lane"]) for row in found), key=lambda row: len(row[0]), default=("", ANY))[1]
    if message_class in URGENT:
        return strip_home(lane)
    contact = db.execute("SELECT last_sim FROM contact WHERE number = ?", (number,)).fetchone()
    talked = contact["last_sim"] if contact is not None else None
    return make_shared_lane(strip_home(lane), talked) if talked else lane


def prefer_sim(db: sqlite3.Connection, number: str, sim: str) -> None:
    """A contact talks with a SIM: what is queued for it, and was not tried yet, goes by that one too."""
    known = db.execute("SELECT last_sim FROM contact WHERE number = ?", (number,)).fetchone()
    if known is not None and known["last_sim"] == sim:
        return
    db.execute(
        "INSERT INTO contact (number, last_sim) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET last_sim = excluded.last_sim",
        (number, sim),
    )
    queued = db.execute(
        """SELECT id, lane FROM part INDEXED BY part_in_flight
           WHERE number = ? AND rank >= ? AND state IN ('queued', 'sending') AND state = 'queued' AND tries = 0""",
        (number, started_rank(MessageClass.SYSTEM)),
    ).fetchall()
    moved = [(make_shared_lane(strip_home(row["lane"]), sim), row["id"]) for row in queued if is_shared(row["lane"])]
    if moved:
        db.executemany("UPDATE part SET lane = ? WHERE id = ?", moved)


def list_occupied(db: sqlite3.Connection) -> list[str]:
    """The lanes that hold something, however much, at the cost of one look for each."""
    return [row["lane"] for row in db.execute(_OCCUPIED_SQL)]


# From each lane the index is asked for the next one; it is not walked.
_OCCUPIED_SQL = """
    WITH RECURSIVE each (lane) AS (
        SELECT min(lane) FROM part INDEXED BY part_queue WHERE state = 'queued'
        UNION ALL
        SELECT (SELECT min(lane) FROM part INDEXED BY part_queue WHERE state = 'queued' AND lane > each.lane)
        FROM each WHERE each.lane IS NOT NULL)
    SELECT lane FROM each WHERE lane IS NOT NULL
"""


def adopt_lanes(db: sqlite3.Connection, table: Mapping[str, str]) -> bool:
    """Take over the lanes that the configuration makes. Whether they are others than before, or what was queued by others is not
    in them yet: then `relane` it."""
    known = {row["prefix"]: row["lane"] for row in db.execute("SELECT prefix, lane FROM route")}
    if known == dict(table):
        return False
    db.execute("DELETE FROM route")
    db.executemany("INSERT INTO route (prefix, lane) VALUES (?, ?)", table.items())
    if not known:
        return False
    db.execute("INSERT INTO route (prefix, lane) VALUES (?, '')", (_UNFINISHED,))
    return True


# A row that no number finds: what was queued by other rules is not in its lanes yet.
_UNFINISHED = "~"


def reassign_lanes(db: sqlite3.Connection, after: int, limit: int) -> int | None:
    """Put what is queued, and was not begun, in the lanes as they are made now: some parts behind part `after`. The last one
    looked at; None at the end."""
    rows = db.execute(
        """SELECT p.id, p.state, p.lane, p.number, m.class FROM part p JOIN message m ON m.id = p.message_id
           WHERE p.id > ? ORDER BY p.id LIMIT ?""",
        (after, limit),
    ).fetchall()
    for row in rows:
        if row["state"] == "queued" and is_shared(row["lane"]):
            lane = find_lane(db, row["number"], MessageClass(row["class"]), None)
            db.execute("UPDATE part SET lane = ? WHERE id = ?", (lane, row["id"]))
    if not rows:
        db.execute("DELETE FROM route WHERE prefix = ?", (_UNFINISHED,))
    return rows[-1]["id"] if rows else None
