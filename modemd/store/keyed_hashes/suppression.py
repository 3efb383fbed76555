"""Suppression list: opted-out numbers that were erased, kept as keyed hashes, so that a later message finds their opt-out.

A contact is made by `ensure_contact` only: it looks the number up, so that a contact that is made anew is opted out. Each lookup
asks the primary key: it costs the same however long the list is.
"""

from __future__ import annotations

import sqlite3

from modemd.store.keyed_hashes.keys import list_key_ids, mac

_LOOKUP = "SELECT at FROM suppression WHERE digest = ?"
_HAS_ENDINGS = "SELECT 1 FROM suppression INDEXED BY suppression_ending WHERE is_ending = 1 LIMIT 1"


def suppress(db: sqlite3.Connection, number: str, at: str, subscription: str | None = None) -> bool:
    """Adds a number that opted out `at` (a stored time) to the list. `subscription`: the list of subscribers that it left, None
    if it opted out of all marketing. Returns False if there is no key: then nothing is stored."""
    ids = list_key_ids(db)
    if not ids:
        return False
    db.execute(
        "INSERT INTO suppression (digest, key_id, at, is_ending) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            _hash(db, ids[-1], number, subscription),
            ids[-1],
            at,
            subscription is None and not number.startswith("+") and number.isdigit(),
        ),
    )
    return True


def lift(db: sqlite3.Connection, number: str, subscription: str | None = None) -> None:
    """Takes a number from the list: its person has opted in since."""
    for key_id in list_key_ids(db):
        db.execute("DELETE FROM suppression WHERE digest = ?", (_hash(db, key_id, number, subscription),))


def find_suppression(db: sqlite3.Connection, number: str, subscription: str | None = None) -> str | None:
    """Returns when a number that is on the list opted out of all marketing, or of a list of subscribers, as a stored time; None
    if it is not on the list."""
    for key_id in list_key_ids(db):
        found = db.execute(_LOOKUP, (_hash(db, key_id, number, subscription),)).fetchone()
        if found is not None:
            return str(found["at"])
    return None


def has_endings(db: sqlite3.Connection) -> bool:
    """Returns True if the list has a national number whose country is not known."""
    return db.execute(_HAS_ENDINGS).fetchone() is not None


def ensure_contact(db: sqlite3.Connection, number: str) -> None:
    """Makes the contact of a number if there is none; opted out if the number is on the list."""
    if db.execute("INSERT INTO contact (number) VALUES (?) ON CONFLICT DO NOTHING", (number,)).rowcount:
        since = find_suppression(db, number)
        if since is not None:
            db.execute(
                "UPDATE contact SET marketing = 'opted_out', marketing_since = ? WHERE number = ?", (since, number)
            )


def count_unknown_keys(db: sqlite3.Connection) -> dict[str, int]:
    """Returns how many numbers of the list were hashed by keys that are not here, by key id: their opt-outs bind nobody now."""
    ids = list_key_ids(db)
    marks = ", ".join("?" * len(ids))
    rows = db.execute(
        f"SELECT key_id, count(*) FROM suppression WHERE key_id NOT IN ({marks}) GROUP BY key_id",  # noqa: S608 - marks
        ids,
    )
    return {row[0]: row[1] for row in rows}


def find_lost_keys(db: sqlite3.Connection) -> str | None:
    """Returns what follows from keys of the list that are not here, in words; None if all are here. Reads the whole list."""
    lost = count_unknown_keys(db)
    if not lost:
        return None
    count, keys = sum(lost.values()), ", ".join(lost)
    return f"{count} erased numbers that had opted out are not recognised: their key is not here ({keys})"


def _hash(db: sqlite3.Connection, key_id: str, number: str, subscription: str | None) -> bytes:
    meant = number if subscription is None else f"{number}\0{subscription}"
    digest = mac(db, key_id, b"suppression\0" + meant.encode())
    assert digest is not None  # noqa: S101 - the id is of a key of this connection
    return digest
