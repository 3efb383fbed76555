"""Modems that were found are stored until a person forgets them."""

from __future__ import annotations

import sqlite3

from modemd.store import modems
from modemd.store.modems import KnownModem
from tests.service.assembled import NOON
from tests.sim.world.store import fresh_database

WEST = KnownModem("modem-411115", "490154203411115", "1-1.1")


def test_a_modem_is_stored_once() -> None:
    """Found in another place, it is still the same one; forgotten, it is not there."""
    db: sqlite3.Connection = fresh_database()
    modems.record_modem(db, WEST, NOON)
    moved = KnownModem(WEST.name, WEST.imei, "1-4")
    modems.record_modem(db, moved, NOON)
    nameless = KnownModem("modem-1-2", None, "1-2")
    modems.record_modem(db, nameless, NOON)
    assert modems.list_known(db) == [nameless, moved]
    modems.forget(db, WEST.name)
    assert modems.list_known(db) == [nameless]
