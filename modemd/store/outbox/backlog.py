"""Backlog: the parts that wait to be sent, by lane and class."""

from __future__ import annotations

import sqlite3

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.lanes import Lane
from modemd.store import lanes


@dataclass(frozen=True, slots=True)
class WaitingParts:
    """Parts of one class that wait in a lane; `lane` None: they are rows of batches that have none yet."""

    lane: Lane | None
    message_class: MessageClass
    parts: int


def count_waiting_parts(db: sqlite3.Connection) -> list[WaitingParts]:
    """Returns what is queued, what a limit or a window holds, and what waits in batches. What is planned for later is not
    counted."""
    queued = db.execute("SELECT lane, rank, count(*) AS parts FROM part WHERE state = 'queued' GROUP BY lane, rank")
    held = db.execute(
        """SELECT p.lane, p.rank, count(*) AS parts FROM message m INDEXED BY message_state
               JOIN part p ON p.message_id = m.id
           WHERE m.state = 'held' AND m.reason NOT IN ('scheduled', 'restored') AND p.state = 'held' AND p.due IS NOT NULL
           GROUP BY p.lane, p.rank"""
    )
    staged = db.execute(
        """SELECT s.class, sum(s.parts) AS parts FROM staged s JOIN batch b ON b.id = s.batch
           WHERE b.state = 'accepted' AND s.at IS NULL GROUP BY s.class"""
    )
    by_rank = {each.rank: each for each in MessageClass}
    found = [
        WaitingParts(lanes.read_lane(db, row["lane"]), by_rank[row["rank"]], row["parts"])
        for row in [*queued.fetchall(), *held.fetchall()]
    ]
    return found + [WaitingParts(None, MessageClass(row["class"]), row["parts"]) for row in staged]
