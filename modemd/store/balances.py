"""What SIMs had left, as event rows that belong to no message."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from modemd.store.journal import note
from modemd.store.moments import moment

TOLD = "balance"
ASKED = "balance asked"


@dataclass(frozen=True, slots=True)
class Known:
    """The last that is known of a SIM's balance. `asked_at`: when it was asked for, by message, or told."""

    amount: Decimal | None = None
    at: datetime | None = None
    asked_at: datetime | None = None


def asked(db: sqlite3.Connection, sim: str, now: datetime) -> None:
    """The operator was asked by message; the answer comes when it comes."""
    note(db, None, now, ASKED, sim=sim)


def told(db: sqlite3.Connection, sim: str, amount: Decimal, now: datetime) -> None:
    """Keep what a SIM has left."""
    note(db, None, now, TOLD, sim=sim, amount=str(amount))


def known(db: sqlite3.Connection) -> dict[str, Known]:
    """The last of every SIM, by ICCID."""
    found: dict[str, Known] = {}
    rows = db.execute(
        "SELECT at, what, detail FROM event WHERE message_id IS NULL AND what IN (?, ?) ORDER BY id", (TOLD, ASKED)
    )
    for row in rows:
        detail, at = json.loads(row["detail"]), moment(row["at"])
        before = found.get(detail["sim"], Known())
        if row["what"] == TOLD:
            found[detail["sim"]] = Known(Decimal(detail["amount"]), at, at)
        else:
            found[detail["sim"]] = Known(before.amount, before.at, at)
    return found
