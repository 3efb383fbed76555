"""Modems: stores each that was found by itself, so that one that is missing after a restart is missed; and, as events, how the
health of each changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.store.events import add_event
from modemd.store.timestamps import to_text

READY_EVENT, NOT_READY_EVENT = "modem ready", "modem not ready"


@dataclass(frozen=True, slots=True)
class ToldHealth:
    """Health of a modem, as an event tells it. `can_send`: whether a message can pass; `sim`: its ICCID."""

    modem: str
    health: str
    can_send: bool = False
    sim: str | None = None
    reason: str | None = None

    @property
    def key(self) -> tuple[str, bool, str | None]:
        """Values that make an event if they change; a reason alone does not."""
        return self.health, self.can_send, self.sim


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


def record_health(db: sqlite3.Connection, changed: Iterable[ToldHealth], now: datetime) -> None:
    """Stores events that tell of the health of modems."""
    for each in changed:
        what = READY_EVENT if each.can_send else NOT_READY_EVENT
        add_event(db, None, now, what, modem=each.modem, health=str(each.health), sim=each.sim, reason=each.reason)


def list_told(db: sqlite3.Connection) -> list[ToldHealth]:
    """Returns what the last event of each modem tells."""
    rows = db.execute(
        """SELECT max(id), what, detail FROM event WHERE message_id IS NULL AND what IN (?, ?)
           GROUP BY json_extract(detail, '$.modem')""",
        (READY_EVENT, NOT_READY_EVENT),
    )
    told = [(row["what"], json.loads(row["detail"])) for row in rows]
    return [
        ToldHealth(each["modem"], each["health"], what == READY_EVENT, each.get("sim"), each.get("reason"))
        for what, each in told
    ]
