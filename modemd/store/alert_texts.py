"""Groups of alerts that came in: which were told lately, and which wait for the text about a storm."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.store.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class AcceptedAlerts:
    """Alerts of one group for one receiver. `summary`: what a text about a storm says of them."""

    door: str
    receiver: str
    key: str
    alerts: int
    summary: str = ""


@dataclass(frozen=True, slots=True)
class WithheldAlerts:
    """Alerts that wait for the text about a storm."""

    id: int
    door: str
    receiver: str
    accepted_at: datetime
    alerts: int
    summary: str


def is_known(db: sqlite3.Connection, key: str, since: datetime, now: datetime) -> bool:
    """Returns True if the same alerts came in after `since`. What a wrong clock has dated after `now` does not count."""
    sql = "SELECT 1 FROM alert_text WHERE key = ? AND accepted_at > ? AND accepted_at <= ? LIMIT 1"
    return db.execute(sql, (key, to_text(since), to_text(now))).fetchone() is not None


def count_texts(db: sqlite3.Connection, door: str, receiver: str, since: datetime, now: datetime) -> int:
    """Returns how many texts of a receiver were accepted after `since`, and not after `now`."""
    (count,) = db.execute(
        """SELECT count(*) FROM alert_text INDEXED BY alert_text_time
           WHERE accepted_at > ? AND accepted_at <= ? AND door = ? AND receiver = ? AND withheld = 0 AND alerts > 0""",
        (to_text(since), to_text(now), door, receiver),
    ).fetchone()
    return int(count)


def add(db: sqlite3.Connection, new: AcceptedAlerts, now: datetime, *, withheld: bool) -> None:
    """Stores alerts that came in. The summary is stored only of what is withheld."""
    db.execute(
        """INSERT INTO alert_text (door, receiver, key, accepted_at, alerts, withheld, summary)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (new.door, new.receiver, new.key, to_text(now), new.alerts, withheld, new.summary if withheld else ""),
    )


def list_withheld(db: sqlite3.Connection) -> list[WithheldAlerts]:
    """Returns all alerts that wait for the text about a storm, in the order in which they came."""
    rows = db.execute("SELECT * FROM alert_text INDEXED BY alert_text_withheld WHERE withheld = 1 ORDER BY id")
    return [
        WithheldAlerts(
            row["id"], row["door"], row["receiver"], from_text(row["accepted_at"]), row["alerts"], row["summary"]
        )
        for row in rows
    ]


def mark_told(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Notes that the text about a storm has told of these. They count as no texts of their own."""
    sql = "UPDATE alert_text SET withheld = 0, summary = '', alerts = 0 WHERE id = ?"
    db.executemany(sql, [(id,) for id in ids])


def delete_old(db: sqlite3.Connection, before: datetime) -> None:
    """Deletes what came in before a moment, and does not wait."""
    db.execute("DELETE FROM alert_text WHERE accepted_at < ? AND withheld = 0", (to_text(before),))
