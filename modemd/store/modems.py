"""Modems that were found by themselves: stores each, so that one that is missing after a restart is missed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from modemd.store.timestamps import to_text


@dataclass(frozen=True, slots=True)
class KnownModem:
    """Modem that was found: its name, its IMEI if it tells one, and the USB place in which it answered last."""

    name: str
    imei: str | None
    place: str


def list_known(db: sqlite3.Connection) -> list[KnownModem]:
    """Returns the modems that were found, by name."""
    rows = db.execute("SELECT name, imei, place FROM modem ORDER BY name")
    return [KnownModem(row["name"], row["imei"], row["place"]) for row in rows]


def record_modem(db: sqlite3.Connection, modem: KnownModem, now: datetime) -> None:
    """Stores that a modem answers."""
    db.execute(
        """INSERT INTO modem (name, imei, place, found_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET imei = excluded.imei, place = excluded.place, found_at = excluded.found_at""",
        (modem.name, modem.imei, modem.place, to_text(now)),
    )


def forget(db: sqlite3.Connection, name: str) -> None:
    """Deletes a modem, if it is known."""
    db.execute("DELETE FROM modem WHERE name = ?", (name,))
