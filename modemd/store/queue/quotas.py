"""What each SIM has sent in the windows of its quotas, counted as it sends; and the holding of what is over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from modemd.rules import states
from modemd.rules.classes import MessageClass, waiting_rank
from modemd.rules.quotas import Hold, Limits, Standing, Use, beginnings, ends
from modemd.store.journal import advance, parts_of, refresh
from modemd.store.timestamps import kept, moment

LimitsOf = Callable[[str], Limits]


def standing(db: sqlite3.Connection, sim: str, limits: Limits, now: datetime) -> Standing:
    """Where a SIM stands at this moment."""
    row = db.execute("SELECT * FROM sim_use WHERE sim = ?", (sim,)).fetchone()
    met = db.execute("SELECT first_seen FROM sim WHERE iccid = ?", (sim,)).fetchone() if limits.warm_up else None
    first_seen = moment(met["first_seen"]) if met is not None else None
    if row is None:
        return Standing(limits, Use(first_seen=first_seen), now)
    hour, day, month = map(kept, beginnings(now, limits.zone))
    this_hour = row["hour"] >= hour
    use = Use(
        hour=row["hour_used"] if this_hour else 0,
        day=row["day_used"] if row["day"] >= day else 0,
        month=row["month_used"] if row["month"] >= month else 0,
        marketing=row["marketing_used"] if this_hour else 0,
        first_seen=first_seen,
    )
    return Standing(limits, use, now)


def count(db: sqlite3.Connection, sim: str, message_class: MessageClass, limits: Limits, now: datetime) -> None:
    """A part is claimed. A clock that was set back begins no window anew."""
    hour, day, month = map(kept, beginnings(now, limits.zone))
    marketing = message_class is MessageClass.MARKETING
    db.execute(
        """INSERT INTO sim_use (sim, hour, hour_used, day, day_used, month, month_used, marketing_used)
           VALUES (?, ?, 1, ?, 1, ?, 1, ?)
           ON CONFLICT (sim) DO UPDATE SET
               hour_used = iif(hour >= excluded.hour, hour_used, 0) + 1,
               day_used = iif(day >= excluded.day, day_used, 0) + 1,
               month_used = iif(month >= excluded.month, month_used, 0) + 1,
               marketing_used = iif(hour >= excluded.hour, marketing_used, 0) + excluded.marketing_used,
               hour = max(hour, excluded.hour), day = max(day, excluded.day), month = max(month, excluded.month)""",
        (sim, hour, day, month, marketing),
    )


def give_back(db: sqlite3.Connection, sim: str, message_class: MessageClass, opened_at: str) -> None:
    """A part that was counted at `opened_at` did not go out."""
    db.execute(
        """UPDATE sim_use SET hour_used = hour_used - (hour <= :at), day_used = day_used - (day <= :at),
               month_used = month_used - (month <= :at), marketing_used = marketing_used - (:marketing AND hour <= :at)
           WHERE sim = :sim""",
        {"sim": sim, "at": opened_at, "marketing": message_class is MessageClass.MARKETING},
    )


def hold_lane(
    db: sqlite3.Connection,
    lane: str,
    message_class: MessageClass,
    sim: str,
    limits: Limits,
    now: datetime,
    limit: int = 100,
) -> int:
    """Hold messages of a class that wait in a lane for a SIM which may send no more of it now: how many, at most `limit`.

    Each is held until a window that has room for it, so that a campaign that takes days is not queued and held anew every hour.
    """
    hold = standing(db, sim, limits, now).hold(message_class)
    if hold is None:
        return 0
    rows = db.execute(
        """SELECT DISTINCT message_id FROM part INDEXED BY part_queue
           WHERE state = 'queued' AND lane = ? AND rank = ? ORDER BY message_id LIMIT ?""",
        (lane, waiting_rank(message_class), limit),
    ).fetchall()
    for row in rows:
        hold_message(db, row["message_id"], sim, hold, limits, now)
    return len(rows)


def hold_message(db: sqlite3.Connection, message_id: int, sim: str, hold: Hold, limits: Limits, now: datetime) -> None:
    """Hold what is queued of a message for a SIM's quota."""
    waiting = [part for part in parts_of(db, message_id) if part["state"] == states.Part.QUEUED]
    due = kept(_booked(db, sim, hold, len(waiting), limits))
    for part in waiting:
        advance(db, part, states.Event.PUT_OFF, now, {"due": due}, reason=hold.reason, sim=sim, until=due)
    refresh(db, message_id, now, hold.reason)


def _booked(db: sqlite3.Connection, sim: str, hold: Hold, parts: int, limits: Limits) -> datetime:
    """The first window with room for so many parts, and their place in it taken."""
    row = db.execute("SELECT until, parts FROM sim_booking WHERE sim = ? AND reason = ?", (sim, hold.reason)).fetchone()
    until, taken = (moment(row["until"]), row["parts"]) if row is not None else (hold.until, 0)
    if until < hold.until:
        until, taken = hold.until, 0
    elif taken and taken + parts > max(hold.capacity, 1):
        until, taken = ends(hold.period, until, limits.zone), 0
    db.execute(
        "INSERT OR REPLACE INTO sim_booking (sim, reason, until, parts) VALUES (?, ?, ?, ?)",
        (sim, hold.reason, kept(until), taken + parts),
    )
    return until
