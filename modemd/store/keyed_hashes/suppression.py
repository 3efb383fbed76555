"""Suppression list: opted-out numbers that were erased, kept as keyed hashes, so that a later message finds their opt-out.

A contact is made by `ensure_contact` only: it looks the number up, so that a contact that is made anew is opted out. Each lookup
asks the primary key: it costs the same however long the list is.
"""

from __future__ import annotations

import sqlite3

from modemd.light_dataclass import dataclass
from modemd.rules.consent.policy import Marketing
from modemd.store.keyed_hashes.keys import list_key_ids, mac

_LOOKUP = "SELECT at FROM suppression WHERE digest = consent_mac(?, ?)"
HAS_ENDINGS = "EXISTS (SELECT 1 FROM suppression INDEXED BY suppression_ending WHERE is_ending = 1)"
"""Whether the list has a national number whose country is not known, as an expression of SQL."""


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
    if db.execute("SELECT 1 FROM suppression LIMIT 1").fetchone() is None:
        return None  # as on most boxes: nothing is hashed for it
    hashed = _make_hashed(number, subscription)
    for key_id in list_key_ids(db):
        found = db.execute(_LOOKUP, (key_id, hashed)).fetchone()
        if found is not None:
            return str(found["at"])
    return None


@dataclass(frozen=True, slots=True)
class StoredContact:
    """Contact as it is stored. `last_sim`: the SIM by which it last wrote or was answered; `is_new`: it was made a moment ago."""

    marketing: Marketing
    last_sim: str | None
    is_new: bool = False


def ensure_contact(db: sqlite3.Connection, number: str) -> StoredContact:
    """Returns the contact of a number. If there is none, it is made: opted out if the number is on the list."""
    row = db.execute("SELECT marketing, last_sim FROM contact WHERE number = ?", (number,)).fetchone()
    if row is not None:
        return StoredContact(Marketing(row["marketing"]), row["last_sim"])
    since = find_suppression(db, number)
    marketing = Marketing.UNKNOWN if since is None else Marketing.OPTED_OUT
    db.execute("INSERT INTO contact (number, marketing, marketing_since) VALUES (?, ?, ?)", (number, marketing, since))
    return StoredContact(marketing, None, is_new=True)


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


def _make_hashed(number: str, subscription: str | None) -> bytes:
    meant = number if subscription is None else f"{number}\0{subscription}"
    return b"suppression\0" + meant.encode()


def _hash(db: sqlite3.Connection, key_id: str, number: str, subscription: str | None) -> bytes:
    digest = mac(db, key_id, _make_hashed(number, subscription))
    assert digest is not None  # noqa: S101 - the id is of a key of this connection
    return digest
