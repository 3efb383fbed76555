"""SIMs as senders: stores each SIM that was seen, its PIN tries, and its balance."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from decimal import Decimal

from modemd.light_dataclass import dataclass
from modemd.rules.geography.sim_country import SimIdentity
from modemd.store.events import add_event
from modemd.store.timestamps import from_text, to_text


def record_sim(
    db: sqlite3.Connection,
    iccid: str,
    imsi: str | None,
    number: str | None,
    modem: str,
    now: datetime,
    *,
    admit: bool = True,
) -> tuple[bool, str | None]:
    """Stores that a SIM answers in `modem` (its IMEI). A number once known stays until another is told. With `admit`, or if it
    was admitted before, the SIM may be used. Returns whether it may, and the service centre that it last had."""
    before = db.execute("SELECT admitted_at FROM sim WHERE iccid = ?", (iccid,)).fetchone()
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
            "now": to_text(now),
            "admitted_at": to_text(now) if admit else None,
        },
    )
    row = db.execute("SELECT admitted_at, smsc FROM sim WHERE iccid = ?", (iccid,)).fetchone()
    is_admitted = row["admitted_at"] is not None
    if before is None:
        add_event(db, None, now, "sim seen", sim=iccid, admitted=is_admitted)
    elif before["admitted_at"] is None and is_admitted:
        add_event(db, None, now, "sim admitted", sim=iccid)
    return is_admitted, row["smsc"]


def find_id(db: sqlite3.Connection, told: str, imsi: str, modem: str) -> str:
    """Returns the id under which a SIM is known: `told`, its ICCID or without one its IMSI, or the other of the two.

    A SIM that tells its IMSI alone keeps the ICCID that it told in the same modem before. One that has told its IMSI alone so
    far keeps that: its messages wait, and its history stands, under it.
    """
    known = {row["iccid"]: row["modem"] for row in db.execute("SELECT iccid, modem FROM sim WHERE imsi = ?", (imsi,))}
    if told in known:
        return told
    if told != imsi:
        return imsi if imsi in known else told
    return next((iccid for iccid, seen_in in known.items() if seen_in == modem), told)


def record_service_centre(db: sqlite3.Connection, iccid: str, smsc: str) -> None:
    """Stores a SIM's service centre, to restore it if the SIM loses it."""
    db.execute("UPDATE sim SET smsc = ? WHERE iccid = ?", (smsc, iccid))


def is_known(db: sqlite3.Connection, iccid: str) -> bool:
    """Returns True if a SIM was ever seen."""
    return db.execute("SELECT 1 FROM sim WHERE iccid = ?", (iccid,)).fetchone() is not None


def read_numbers(db: sqlite3.Connection) -> frozenset[str]:
    """Returns the numbers of all SIMs that were ever seen."""
    return frozenset(row["number"] for row in db.execute("SELECT number FROM sim WHERE number IS NOT NULL"))


def list_identities(db: sqlite3.Connection) -> list[SimIdentity]:
    """Returns the identities of all SIMs that were ever seen."""
    rows = db.execute("SELECT iccid, number, imsi FROM sim ORDER BY iccid").fetchall()
    return [SimIdentity(row["iccid"], row["number"], row["imsi"]) for row in rows]


def admit(db: sqlite3.Connection, iccid: str, now: datetime) -> bool:
    """Admits a SIM for use, by a person's decision. Returns False if no such SIM was seen."""
    change = "UPDATE sim SET admitted_at = ? WHERE iccid = ? AND admitted_at IS NULL"
    if db.execute(change, (to_text(now), iccid)).rowcount:
        add_event(db, None, now, "sim admitted", sim=iccid)
        return True
    return is_known(db, iccid)


@dataclass(frozen=True, slots=True)
class TriedPins:
    """Digests of the PINs that a holder was given since it last accepted one: those refused, and those not answered."""

    refused: frozenset[bytes]
    unanswered: frozenset[bytes]


def read_tried_pins(db: sqlite3.Connection, holder: str) -> TriedPins:
    """Returns the PINs that were tried. A holder is a SIM, or a modem whose SIM cannot be known before its PIN is given."""
    rows = db.execute("SELECT digest, refused FROM pin_try WHERE holder = ?", (holder,)).fetchall()
    return TriedPins(
        *(frozenset(row["digest"] for row in rows if bool(row["refused"]) is said) for said in (True, False))
    )


def record_pin_try(db: sqlite3.Connection, holder: str, digest: bytes, now: datetime, *, refused: bool) -> None:
    """Stores that a PIN goes out now, or was `refused`."""
    db.execute(
        """INSERT INTO pin_try (holder, digest, at, refused) VALUES (?, ?, ?, ?)
           ON CONFLICT (holder, digest) DO UPDATE SET refused = excluded.refused, at = excluded.at""",
        (holder, digest, to_text(now), refused),
    )


def forget_pin_try(db: sqlite3.Connection, holder: str, digest: bytes) -> None:
    """Forgets a PIN that the modem did not look at."""
    db.execute("DELETE FROM pin_try WHERE holder = ? AND digest = ?", (holder, digest))


def clear_pin_tries(db: sqlite3.Connection, holder: str) -> None:
    """Forgets all PINs of a holder after a right one: its SIM has all its tries again."""
    db.execute("DELETE FROM pin_try WHERE holder = ?", (holder,))


BALANCE_EVENT = "balance"
REQUEST_EVENT = "balance asked"


@dataclass(frozen=True, slots=True)
class SimBalance:
    """Balance of a SIM, as it is known last. `asked_at`: when it was asked for by message, or came."""

    amount: Decimal | None = None
    at: datetime | None = None
    asked_at: datetime | None = None


def record_balance_request(db: sqlite3.Connection, sim: str, now: datetime) -> None:
    """Stores that the operator was asked by message; the answer comes later."""
    add_event(db, None, now, REQUEST_EVENT, sim=sim)


def record_balance(db: sqlite3.Connection, sim: str, amount: Decimal, now: datetime) -> None:
    """Stores the balance of a SIM."""
    add_event(db, None, now, BALANCE_EVENT, sim=sim, amount=str(amount))


def read_latest_balances(db: sqlite3.Connection) -> dict[str, SimBalance]:
    """Returns the last balance of every SIM, by ICCID."""
    found: dict[str, SimBalance] = {}
    rows = db.execute(
        "SELECT at, what, detail FROM event WHERE message_id IS NULL AND what IN (?, ?) ORDER BY id",
        (BALANCE_EVENT, REQUEST_EVENT),
    )
    for row in rows:
        detail, at = json.loads(row["detail"]), from_text(row["at"])
        before = found.get(detail["sim"], SimBalance())
        if row["what"] == BALANCE_EVENT:
            found[detail["sim"]] = SimBalance(Decimal(detail["amount"]), at, at)
        else:
            found[detail["sim"]] = SimBalance(before.amount, before.at, at)
    return found
