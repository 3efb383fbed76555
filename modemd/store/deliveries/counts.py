"""Counts of deliveries by day: the history with which the filter watch compares. Kept for `HISTORY`; attempts are read once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.filter_watch.judgement import DeliveryCount, MessageFate
from modemd.store.deliveries.fates import DeliveryGroup, FateBatch
from modemd.store.timestamps import from_text, to_text

HISTORY = timedelta(days=28)
NOTHING = DeliveryCount()

DayKey = tuple[DeliveryGroup, str, bool]
"""A group, a day (UTC), and whether the messages were delivered."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Counts of a step by group and day, and the last attempt that they contain."""

    counts: tuple[tuple[DayKey, int], ...]
    last_attempt: int


def count_by_day(batch: FateBatch, last_attempt: int) -> DayCounts:
    """Returns the counts of a batch of messages, up to `last_attempt`."""
    counts = Counter(
        (each.group, each.at[:10], each.sent.fate is MessageFate.DELIVERED)
        for each in batch.messages
        if each.sent.fate.is_rated
    )
    return DayCounts(tuple(counts.items()), last_attempt)


def find_last_counted(db: sqlite3.Connection) -> int | None:
    """Returns the last attempt that is counted; None if none ever was."""
    row = db.execute("SELECT attempt FROM delivery_mark").fetchone()
    return int(row["attempt"]) if row is not None else None


def add_counts(db: sqlite3.Connection, added: DayCounts, now: datetime) -> None:
    """Adds counts, and deletes those that are too old. Counts of attempts that were added before change nothing."""
    last = find_last_counted(db)
    if last is not None and added.last_attempt <= last:
        return
    db.execute("INSERT OR REPLACE INTO delivery_mark (id, attempt) VALUES (1, ?)", (added.last_attempt,))
    db.executemany(
        """INSERT INTO delivery_count (sim, destination, marketing, day, delivered, missed) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (sim, destination, marketing, day)
           DO UPDATE SET delivered = delivered + excluded.delivered, missed = missed + excluded.missed""",
        [
            (
                group.sim,
                group.destination,
                group.is_marketing,
                day,
                count if is_delivered else 0,
                0 if is_delivered else count,
            )
            for (group, day, is_delivered), count in added.counts
        ],
    )
    db.execute("DELETE FROM delivery_count WHERE day < ?", (_first_day(now),))


def read_history(db: sqlite3.Connection, now: datetime) -> dict[DeliveryGroup, DeliveryCount]:
    """Returns the counts of the weeks before, by group."""
    rows = db.execute(
        """SELECT sim, destination, marketing, sum(delivered) AS delivered, sum(missed) AS missed FROM delivery_count
           WHERE day >= ? GROUP BY sim, destination, marketing""",
        (_first_day(now),),
    )
    return {
        DeliveryGroup(row["sim"], row["destination"], bool(row["marketing"])): DeliveryCount(
            row["delivered"], row["missed"]
        )
        for row in rows
    }


def read_resumes(db: sqlite3.Connection, message_class: str, since: datetime) -> dict[str, datetime]:
    """Returns when a pause of a class was ended last on each SIM, for the SIMs on which it was since a moment."""
    rows = db.execute(
        """SELECT at, detail FROM event INDEXED BY event_at
           WHERE message_id IS NULL AND at > ? AND what = 'resumed' ORDER BY at""",
        (to_text(since),),
    )
    ended = [(json.loads(row["detail"]), row["at"]) for row in rows]
    return {
        detail["sim"]: from_text(at) for detail, at in ended if detail.get("class") == message_class and "sim" in detail
    }


def _first_day(now: datetime) -> str:
    return to_text(now - HISTORY)[:10]
