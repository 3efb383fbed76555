"""Quota counters of SIMs, counted at each claim; and the windows into which held messages are booked."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.rules import states
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import (
    Hold,
    PartCounts,
    QuotaLimits,
    QuotaUsage,
    choose_window,
    find_window_starts,
)
from modemd.store.timestamps import from_text, to_text
from modemd.store.transitions import advance_part, list_parts, update_message_state


def read_usage(db: sqlite3.Connection, sim: str, limits: QuotaLimits, now: datetime) -> QuotaUsage:
    """Returns the usage of a SIM's quotas at this moment."""
    row = db.execute("SELECT * FROM sim_use WHERE sim = ?", (sim,)).fetchone()
    met = db.execute("SELECT first_seen FROM sim WHERE iccid = ?", (sim,)).fetchone() if limits.warm_up else None
    first_seen = from_text(met["first_seen"]) if met is not None else None
    if row is None:
        return QuotaUsage(limits, PartCounts(first_seen=first_seen), now)
    hour, day, month = map(to_text, find_window_starts(now, limits.zone))
    this_hour = row["hour"] >= hour
    use = PartCounts(
        hour=row["hour_used"] if this_hour else 0,
        day=row["day_used"] if row["day"] >= day else 0,
        month=row["month_used"] if row["month"] >= month else 0,
        marketing=row["marketing_used"] if this_hour else 0,
        first_seen=first_seen,
    )
    return QuotaUsage(limits, use, now)


def count_part(
    db: sqlite3.Connection, sim: str, message_class: MessageClass, limits: QuotaLimits, now: datetime
) -> None:
    """Counts a part that is claimed. A clock that was set back begins no window anew."""
    hour, day, month = map(to_text, find_window_starts(now, limits.zone))
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


def uncount_part(db: sqlite3.Connection, sim: str, message_class: MessageClass, opened_at: str) -> None:
    """Takes back a part that was counted at `opened_at` and did not go out."""
    db.execute(
        """UPDATE sim_use SET hour_used = hour_used - (hour <= :at), day_used = day_used - (day <= :at),
               month_used = month_used - (month <= :at), marketing_used = marketing_used - (:marketing AND hour <= :at)
           WHERE sim = :sim""",
        {"sim": sim, "at": opened_at, "marketing": message_class is MessageClass.MARKETING},
    )


def hold_lane(
    db: sqlite3.Connection,
    lane_id: int,
    message_class: MessageClass,
    sim: str,
    limits: QuotaLimits,
    now: datetime,
    limit: int = 100,
) -> int:
    """Holds messages of a class that wait in a lane for a SIM whose quota is used up. Returns how many, at most `limit`.

    Each is held until a window that has room for it (`choose_window`).
    """
    hold = read_usage(db, sim, limits, now).find_hold(message_class)
    if hold is None:
        return 0
    rows = db.execute(
        """SELECT DISTINCT message_id FROM part INDEXED BY part_queue
           WHERE state = 'queued' AND lane = ? AND rank = ? AND started = ? ORDER BY message_id LIMIT ?""",
        (lane_id, *QueuePlace(message_class).columns, limit),
    ).fetchall()
    for row in rows:
        hold_message(db, row["message_id"], sim, hold, limits, now)
    return len(rows)


def hold_message(
    db: sqlite3.Connection, message_id: int, sim: str, hold: Hold, limits: QuotaLimits, now: datetime
) -> None:
    """Holds what is queued of a message for a SIM's quota."""
    waiting = [part for part in list_parts(db, message_id) if part["state"] == states.PartState.QUEUED]
    booking, due = _book_window(db, sim, hold, len(waiting), limits)
    for part in waiting:
        advance_part(
            db, part, states.PartEvent.PUT_OFF, now, {"due": due, "booking": booking},
            reason=hold.reason, sim=sim, until=due,
        )  # fmt: skip
    update_message_state(db, message_id, now, hold.reason)


def _book_window(db: sqlite3.Connection, sim: str, hold: Hold, parts: int, limits: QuotaLimits) -> tuple[int, str]:
    """Books so many parts into the window that `rules/quotas.py` chooses. Returns the id of the booking, and when the window
    begins. A part that is held no longer until then gives its place back (trigger `part_booking`)."""
    db.execute("DELETE FROM sim_booking WHERE sim = ? AND until < ? AND parts <= 0", (sim, to_text(hold.until)))
    rows = db.execute(
        "SELECT until, parts FROM sim_booking WHERE sim = ? AND reason = ? AND until >= ?",
        (sim, hold.reason, to_text(hold.until)),
    )
    booked = {from_text(row["until"]): row["parts"] for row in rows}
    until = to_text(choose_window(hold, booked, parts, limits.zone))
    (booking,) = db.execute(
        """INSERT INTO sim_booking (sim, reason, until, parts) VALUES (?, ?, ?, ?)
           ON CONFLICT (sim, reason, until) DO UPDATE SET parts = parts + excluded.parts RETURNING id""",
        (sim, hold.reason, until, parts),
    ).fetchone()
    return booking, until
