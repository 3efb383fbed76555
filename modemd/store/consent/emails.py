"""E-mail addresses of contacts: a mail from one of them can opt out the contact's numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.store.events import add_event
from modemd.store.timestamps import to_text


@dataclass(frozen=True, slots=True)
class ContactEmailRow:
    """Address of a contact, and since when it is stored."""

    number: str
    address: str
    at: str


def add(db: sqlite3.Connection, number: str, address: str, now: datetime) -> ContactEmailRow:
    """Stores an address of a number; does nothing if it is stored already. Returns it."""
    added = db.execute(
        "INSERT INTO contact_email (address, number, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (address, number, to_text(now)),
    )
    if added.rowcount:
        add_event(db, None, now, "email added", number=number)
    row = db.execute(
        "SELECT number, address, at FROM contact_email WHERE address = ? AND number = ?", (address, number)
    ).fetchone()
    return ContactEmailRow(**row)


def remove(db: sqlite3.Connection, number: str, address: str, now: datetime) -> ContactEmailRow | None:
    """Deletes an address of a number, and returns it as it was. None if it was not stored."""
    row = db.execute(
        "DELETE FROM contact_email WHERE address = ? AND number = ? RETURNING number, address, at", (address, number)
    ).fetchone()
    if row is None:
        return None
    add_event(db, None, now, "email removed", number=number)
    return ContactEmailRow(**row)


def list_emails(
    db: sqlite3.Connection, number: str | None, after: tuple[str, str] = ("", ""), limit: int = 0
) -> list[ContactEmailRow]:
    """Returns the addresses of a number, or of all, by address and number; those behind `after`; `limit` 0 means all."""
    rows = db.execute(
        """SELECT number, address, at FROM contact_email
           WHERE (address, number) > (:address, :last) AND (:number IS NULL OR number = :number)
           ORDER BY address, number LIMIT :limit""",
        {"number": number, "address": after[0], "last": after[1], "limit": limit or -1},
    )
    return [ContactEmailRow(**row) for row in rows]


def count(db: sqlite3.Connection, number: str | None) -> int:
    """Returns how many addresses a number has, or all together."""
    sql = "SELECT count(*) FROM contact_email WHERE ? IS NULL OR number = ?"
    return int(db.execute(sql, (number, number)).fetchone()[0])


def find_numbers(db: sqlite3.Connection, addresses: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Returns the numbers of each of these addresses that a contact has."""
    found = {}
    for address in addresses:
        rows = db.execute("SELECT number FROM contact_email WHERE address = ? ORDER BY number", (address,)).fetchall()
        if rows:
            found[address] = tuple(row["number"] for row in rows)
    return found
