"""Stores lanes and routing rules: finds the lane of a message, and moves parts when the contact's SIM or the rules change."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import lru_cache

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY, Lane, LaneKind
from modemd.rules.queue_place import LAST_URGENT_RANK
from modemd.rules.quotas import URGENT
from modemd.rules.routing import list_prefixes
from modemd.store.keyed_hashes.suppression import ensure_contact

# The longest prefix that a rule can name, in characters, with its plus.
LONGEST_PREFIX = 8
_PREFIX_MARKS = ", ".join("?" * (LONGEST_PREFIX + 1))


def ensure_lane(db: sqlite3.Connection, lane: Lane) -> int:
    """Returns the id of a lane; stores the lane if it is new."""
    columns = (lane.kind, lane.prefix, lane.home)
    row = db.execute("SELECT id FROM lane WHERE kind = ? AND prefix = ? AND home = ?", columns).fetchone()
    if row is None:
        sql = "INSERT INTO lane (kind, prefix, home) VALUES (?, ?, ?) RETURNING id"
        row = db.execute(sql, columns).fetchone()
    return int(row["id"])


def read_lane(db: sqlite3.Connection, lane_id: int) -> Lane:
    """Returns the lane with this id."""
    return _parse_lane(db.execute("SELECT kind, prefix, home FROM lane WHERE id = ?", (lane_id,)).fetchone())


def _parse_lane(row: sqlite3.Row) -> Lane:
    return _make_lane(row["kind"], row["prefix"], row["home"])


# The same few lanes are read by every search.
@lru_cache(maxsize=256)
def _make_lane(kind: str, prefix: str, home: str) -> Lane:
    return Lane(LaneKind(kind), prefix, home)


def find_lane(db: sqlite3.Connection, number: str, message_class: MessageClass, pinned: str | None) -> int:
    """Returns the id of the lane in which a message to `number` is queued now. Alarms and OTPs prefer no SIM, so that the first
    free one that may takes them."""
    contact = None
    if pinned is None and message_class not in URGENT:
        contact = db.execute("SELECT last_sim FROM contact WHERE number = ?", (number,)).fetchone()
    return choose_lane(db, number, message_class, pinned, contact["last_sim"] if contact is not None else None)


def choose_lane(
    db: sqlite3.Connection, number: str, message_class: MessageClass, pinned: str | None, last_sim: str | None
) -> int:
    """Returns what `find_lane` does, for a number whose contact was read. `last_sim`: the SIM that the contact talks with."""
    if pinned is not None:
        return ensure_lane(db, Lane.of_sender(pinned))
    by_rule, lane_id = _find_route(db, number)
    lane = by_rule
    if message_class in URGENT:
        lane = by_rule.without_preference()
    elif last_sim:
        lane = by_rule.preferring(last_sim)
    return lane_id if lane_id is not None and lane == by_rule else ensure_lane(db, lane)


def _find_route(db: sqlite3.Connection, number: str) -> tuple[Lane, int | None]:
    """Returns the lane that the rules give a number, that of the longest prefix, and its id; None if no rule names the number."""
    if db.execute("SELECT 1 FROM route LIMIT 1").fetchone() is None:
        return ANY, None
    prefixes = list(list_prefixes(number, LONGEST_PREFIX))
    prefixes += [prefixes[-1]] * (LONGEST_PREFIX + 1 - len(prefixes))
    rows = db.execute(
        f"""SELECT r.prefix AS rule, l.id, l.kind, l.prefix, l.home FROM route r JOIN lane l ON l.id = r.lane
            WHERE r.prefix IN ({_PREFIX_MARKS})""",  # noqa: S608 - question marks alone
        prefixes,
    ).fetchall()
    longest = max(rows, key=lambda row: len(row["rule"]), default=None)
    return (_parse_lane(longest), longest["id"]) if longest is not None else (ANY, None)


def prefer_sim(db: sqlite3.Connection, number: str, sim: str) -> None:
    """Stores that a contact talks with a SIM, and moves what is queued for the contact, and was not tried yet, to lanes that
    prefer this SIM. Alarms and OTPs stay in their lanes."""
    known = db.execute("SELECT last_sim FROM contact WHERE number = ?", (number,)).fetchone()
    if known is not None and known["last_sim"] == sim:
        return
    ensure_contact(db, number)
    db.execute("UPDATE contact SET last_sim = ? WHERE number = ?", (sim, number))
    queued = db.execute(
        """SELECT p.id, l.kind, l.prefix, l.home FROM part p INDEXED BY part_in_flight CROSS JOIN lane l ON l.id = p.lane
           WHERE p.number = :number AND p.rank > :last_urgent_rank AND p.state IN ('queued', 'sending')
                 AND p.state = 'queued' AND p.tries = 0 AND l.kind <> :sender""",
        {"number": number, "last_urgent_rank": LAST_URGENT_RANK, "sender": LaneKind.SENDER},
    ).fetchall()
    for row in queued:
        lane_id = ensure_lane(db, _parse_lane(row).preferring(sim))
        db.execute("UPDATE part SET lane = ? WHERE id = ?", (lane_id, row["id"]))


def list_occupied(db: sqlite3.Connection) -> list[tuple[int, Lane]]:
    """Returns the lanes in which something is queued, with their ids. The cost grows with the number of lanes, not of parts."""
    return [(row["id"], _parse_lane(row)) for row in db.execute(_OCCUPIED_SQL)]


# From each lane the index is asked for the next one; it is not walked.
_OCCUPIED_SQL = """
    WITH RECURSIVE each (lane) AS (
        SELECT min(lane) FROM part INDEXED BY part_queue WHERE state = 'queued'
        UNION ALL
        SELECT (SELECT min(lane) FROM part INDEXED BY part_queue WHERE state = 'queued' AND lane > each.lane)
        FROM each WHERE each.lane IS NOT NULL)
    SELECT l.id, l.kind, l.prefix, l.home FROM each CROSS JOIN lane l ON l.id = each.lane
"""


def adopt_lanes(db: sqlite3.Connection, table: Mapping[str, Lane]) -> bool:
    """Stores the lanes of the configuration, by prefix. Returns True if what is queued may be in lanes of other rules, because
    these rules are new, or the last `reassign_lanes` did not reach its end: then call `reassign_lanes`."""
    stored = db.execute(
        "SELECT r.prefix AS rule, r.applied, l.kind, l.prefix, l.home FROM route r JOIN lane l ON l.id = r.lane"
    ).fetchall()
    if {row["rule"]: _parse_lane(row) for row in stored} == dict(table) and all(row["applied"] for row in stored):
        return False
    db.execute("DELETE FROM route")
    is_first = not stored
    db.executemany(
        "INSERT INTO route (prefix, lane, applied) VALUES (?, ?, ?)",
        [(prefix, ensure_lane(db, lane), is_first) for prefix, lane in table.items()],
    )
    return not is_first


def reassign_lanes(db: sqlite3.Connection, after: int, limit: int) -> int | None:
    """Moves what is queued, and has not started, to the lanes that the rules give now: at most `limit` parts with ids above
    `after`. Returns the id of the last part looked at; None at the end."""
    rows = db.execute(
        """SELECT p.id, p.state, l.kind, p.number, m.class
           FROM part p JOIN message m ON m.id = p.message_id JOIN lane l ON l.id = p.lane
           WHERE p.id > ? ORDER BY p.id LIMIT ?""",
        (after, limit),
    ).fetchall()
    for row in rows:
        if row["state"] == "queued" and row["kind"] != LaneKind.SENDER:
            lane_id = find_lane(db, row["number"], MessageClass(row["class"]), None)
            db.execute("UPDATE part SET lane = ? WHERE id = ?", (lane_id, row["id"]))
    if not rows:
        db.execute("UPDATE route SET applied = 1")
    return rows[-1]["id"] if rows else None
