"""SIMs as they were met. The SIM is the sender; the stick it sits in is a tool."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.store.moments import kept


def seen(db: sqlite3.Connection, iccid: str, imsi: str | None, number: str | None, modem: str, now: datetime) -> None:
    """Note that a SIM answers in `modem` (its IMEI). A number once known stays until another is told."""
    db.execute(
        """INSERT INTO sim (iccid, imsi, number, modem, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (iccid) DO UPDATE SET imsi = coalesce(excluded.imsi, imsi), number = coalesce(excluded.number, number),
               modem = excluded.modem, last_seen = excluded.last_seen""",
        (iccid, imsi, number, modem, kept(now), kept(now)),
    )
