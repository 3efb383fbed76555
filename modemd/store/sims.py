"""SIMs as they were met. The SIM is the sender; the stick it sits in is a tool."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from modemd.store.journal import note
from modemd.store.timestamps import kept, moment


def seen(
    db: sqlite3.Connection,
    iccid: str,
    imsi: str | None,
    number: str | None,
    modem: str,
    now: datetime,
    *,
    admit: bool = True,
) -> tuple[bool, str | None]:
    """Note that a SIM answers in `modem` (its IMEI). A number once known stays until another is told. With `admit`, or where it
    was admitted before, it may be used: whether it may, and the service centre that it last had."""
    db.execute(
        """INSERT INTO sim (iccid, imsi, number, modem, first_seen, last_seen, admitted_at)
           VALUES (:iccid, :imsi, :number, :modem, :now, :now, :admitted_at)
           ON CONFLICT (iccid) DO UPDATE SET imsi = coalesce(excluded.imsi, imsi), number = coalesce(excluded.number, number),
               modem = excluded.modem, last_seen = excluded.last_seen,
               admitted_at = coalesce(admitted_at, excluded.admitted_at)""",
        {
            "iccid": iccid,
            "imsi": imsi,
            "number": number,
            "modem": modem,
            "now": kept(now),
            "admitted_at": kept(now) if admit else None,
        },
    )
    row = db.execute("SELECT admitted_at, smsc FROM sim WHERE iccid = ?", (iccid,)).fetchone()
    return row["admitted_at"] is not None, row["smsc"]


def has_service_centre(db: sqlite3.Connection, iccid: str, smsc: str) -> None:
    """Note a SIM's service centre, to put it back where it is lost."""
    db.execute("UPDATE sim SET smsc = ? WHERE iccid = ?", (smsc, iccid))


def admit(db: sqlite3.Connection, iccid: str, now: datetime) -> bool:
    """A person says that a SIM may be used. False where no such SIM was met."""
    change = "UPDATE sim SET admitted_at = coalesce(admitted_at, ?) WHERE iccid = ?"
    return db.execute(change, (kept(now), iccid)).rowcount > 0


@dataclass(frozen=True, slots=True)
class PinTries:
    """Digests of the PINs that a holder was given, since it took one: refused ones, and ones that were not answered."""

    refused: frozenset[bytes]
    unanswered: frozenset[bytes]


def pin_tries(db: sqlite3.Connection, holder: str) -> PinTries:
    """What was tried. A holder is a SIM, or a modem whose SIM cannot be known before its PIN is given."""
    rows = db.execute("SELECT digest, refused FROM pin_try WHERE holder = ?", (holder,)).fetchall()
    return PinTries(
        *(frozenset(row["digest"] for row in rows if bool(row["refused"]) is said) for said in (True, False))
    )


def pin_tried(db: sqlite3.Connection, holder: str, digest: bytes, now: datetime, *, refused: bool) -> None:
    """A PIN goes out now, or was refused."""
    db.execute(
        """INSERT INTO pin_try (holder, digest, at, refused) VALUES (?, ?, ?, ?)
           ON CONFLICT (holder, digest) DO UPDATE SET refused = excluded.refused, at = excluded.at""",
        (holder, digest, kept(now), refused),
    )


def pin_not_tried(db: sqlite3.Connection, holder: str, digest: bytes) -> None:
    """The modem did not look at a PIN that was given."""
    db.execute("DELETE FROM pin_try WHERE holder = ? AND digest = ?", (holder, digest))


def pin_accepted(db: sqlite3.Connection, holder: str) -> None:
    """A PIN was right: its SIM has all its tries again."""
    db.execute("DELETE FROM pin_try WHERE holder = ?", (holder,))


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
