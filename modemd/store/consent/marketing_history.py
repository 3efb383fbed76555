"""Marketing history of a number: when messages went to it, for the frequency caps (`rules.consent.caps`)."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.store.timestamps import from_text, to_text


def list_marketing_times(
    db: sqlite3.Connection, number: str, since: datetime, *, exclude: int | None = None
) -> list[datetime]:
    """Returns when the marketing messages to a number went, later than `since`, the earliest first: one time for each message,
    that of its first attempt that may have left (open, accepted or unknown). `exclude`: the id of a message that does not count,
    such as the one that is to go now."""
    first: dict[int, str] = {}
    for row in db.execute(_ATTEMPTS_SQL, {"number": number, "since": to_text(since)}):
        message = row["id"]
        first[message] = min(first.get(message, row["opened_at"]), row["opened_at"])
    times = (from_text(at) for message, at in first.items() if message != exclude)
    return sorted(at for at in times if at > since)


# No attempt of a message is later than its end, so that old messages need not be read. Two queries: an OR, or an IN list before
# the range, would walk more (`modemd.store.queue`).
_ATTEMPTS_SQL = """
    SELECT m.id, a.opened_at
    FROM message m INDEXED BY message_marketing CROSS JOIN attempt a ON a.message_id = m.id
    WHERE m.class = 'marketing' AND m.sim IS NOT NULL AND m.number = :number AND m.closed_at IS NULL
      AND a.outcome IN ('open', 'sent', 'unknown')
    UNION ALL
    SELECT m.id, a.opened_at
    FROM message m INDEXED BY message_marketing CROSS JOIN attempt a ON a.message_id = m.id
    WHERE m.class = 'marketing' AND m.sim IS NOT NULL AND m.number = :number AND m.closed_at > :since
      AND a.outcome IN ('open', 'sent', 'unknown')
"""
