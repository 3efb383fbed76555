"""Stamps: whether the network's time of a message can be true."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from modemd.rules.clock_trust import NETWORK_MARGIN
from modemd.store.timestamps import from_text

# Service centres hold a message for a week at most, and a SIM may lie about for some more. An older stamp is a wrong clock's.
OLDEST_STAMP = timedelta(days=31)


def is_credible(stamp: datetime, stored_at: datetime) -> bool:
    """Returns True if a message that was stored then can have been said at `stamp`."""
    return stored_at - OLDEST_STAMP <= stamp <= stored_at + NETWORK_MARGIN


def find_time(row: sqlite3.Row) -> str:
    """Returns when the word of a consent event was said; if its stamp is rubbish, when it was stored, which is later."""
    at: str = row["at"]
    said_at: str | None = row["said_at"]
    return said_at if said_at is not None and is_credible(from_text(said_at), from_text(at)) else at
