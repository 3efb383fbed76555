"""API keys. Of a secret only its SHA-256 is stored. The account and the token of the Twilio-shaped API are derived from a key of
the consent ledger, which is beside the database, so nothing of them is stored either."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.store.events import add_event
from modemd.store.keyed_hashes.keys import NO_KEY, list_key_ids
from modemd.store.timestamps import from_text, to_text

_SID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """API key, without its secret. `lines`: the ICCIDs of the only SIMs that it may send by; `per_minute`: requests; `per_day`:
    messages, by the days of UTC."""

    id: int
    name: str
    scopes: tuple[str, ...]
    lines: tuple[str, ...]
    per_minute: int | None
    per_day: int | None
    account_sid: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    used_from: str | None


@dataclass(frozen=True, slots=True)
class ApiKeySecrets:
    """Secrets by which a key is known: the digest of its secret, and the auth token, None if what it is derived from is lost;
    and those before the last rotation, valid until `previous_until`."""

    row: ApiKeyRow
    digest: bytes
    token: str | None
    previous_digest: bytes | None
    previous_token: str | None
    previous_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """API key as it is made. `digest`: SHA-256 of its secret."""

    name: str
    digest: bytes
    scopes: tuple[str, ...]
    lines: tuple[str, ...]
    per_minute: int | None
    per_day: int | None
    expires_at: datetime | None


def find_digest(secret: str) -> bytes:
    """Returns SHA-256 of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def find_derivation_key(db: sqlite3.Connection) -> str:
    """Returns the id of the key of the ledger that is in use; the empty text if there is none."""
    return (list_key_ids(db) or [NO_KEY])[-1]


def add_key(db: sqlite3.Connection, new: NewApiKey, now: datetime) -> int | None:
    """Adds a key, and returns its id; None if a key that is not revoked has its name."""
    row = db.execute(
        """INSERT INTO api_key (name, digest, derived_with, scopes, lines, per_minute, per_day, created_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING id""",
        (
            new.name,
            new.digest,
            find_derivation_key(db),
            " ".join(new.scopes),
            " ".join(new.lines),
            new.per_minute,
            new.per_day,
            to_text(now),
            to_text(new.expires_at) if new.expires_at is not None else None,
        ),
    ).fetchone()
    if row is None:
        return None
    add_event(db, None, now, "key created", key=row["id"], name=new.name)
    return int(row["id"])


def rotate_key(db: sqlite3.Connection, id: int, digest: bytes, previous_until: datetime, now: datetime) -> bool:
    """Gives a key that is not revoked another secret; the one before is valid until a moment. Returns whether there is one."""
    changed = db.execute(
        """UPDATE api_key SET previous_digest = digest, previous_until = ?, digest = ?, generation = generation + 1
           WHERE id = ? AND revoked_at IS NULL""",
        (to_text(previous_until), digest, id),
    )
    return _tell(db, changed, "key rotated", id, now)


def revoke_key(db: sqlite3.Connection, id: int, now: datetime) -> bool:
    """Ends a key at once. Returns whether there is one that is not revoked."""
    changed = db.execute(
        "UPDATE api_key SET revoked_at = ?, previous_digest = NULL WHERE id = ? AND revoked_at IS NULL",
        (to_text(now), id),
    )
    return _tell(db, changed, "key revoked", id, now)


def _tell(db: sqlite3.Connection, changed: sqlite3.Cursor, what: str, id: int, now: datetime) -> bool:
    """Adds an event if a key was changed. Returns whether one was."""
    if changed.rowcount != 1:
        return False
    add_event(db, None, now, what, key=id)
    return True


def note_use(db: sqlite3.Connection, id: int, now: datetime, address: str) -> None:
    """Notes when a key was used, and from where."""
    db.execute("UPDATE api_key SET used_at = ?, used_from = ? WHERE id = ?", (to_text(now), address, id))


def list_keys(db: sqlite3.Connection, *, after: int = 0, limit: int = 0) -> list[ApiKeyRow]:
    """Returns the keys with larger ids than `after`, the oldest first; `limit` 0 means all."""
    rows = db.execute("SELECT * FROM api_key WHERE id > ? ORDER BY id LIMIT ?", (after, limit or -1)).fetchall()
    return [_read_row(db, row) for row in rows]


def count_keys(db: sqlite3.Connection, *, after: int) -> int:
    """Returns how many keys `list_keys` has."""
    return int(db.execute("SELECT count(*) FROM api_key WHERE id > ?", (after,)).fetchone()[0])


def read_secrets(db: sqlite3.Connection) -> list[ApiKeySecrets]:
    """Returns what the keys that are not revoked are known by. A key whose derivation key is lost has no valid token."""
    return [
        ApiKeySecrets(
            _read_row(db, row),
            row["digest"],
            _derive_token(db, row, row["generation"]),
            row["previous_digest"],
            _derive_token(db, row, row["generation"] - 1),
            from_text(row["previous_until"]) if row["previous_until"] is not None else None,
        )
        for row in db.execute("SELECT * FROM api_key WHERE revoked_at IS NULL")
    ]


def add_to_day(db: sqlite3.Connection, id: int, day: str, messages: int) -> None:
    """Adds messages to those that a key has sent in a day."""
    db.execute(
        """INSERT INTO api_key_day (key, day, messages) VALUES (?, ?, max(?, 0))
           ON CONFLICT (key, day) DO UPDATE SET messages = max(messages + ?, 0)""",
        (id, day, messages, messages),
    )


def count_day(db: sqlite3.Connection, id: int, day: str) -> int:
    """Returns how many messages a key has sent in a day."""
    row = db.execute("SELECT messages FROM api_key_day WHERE key = ? AND day = ?", (id, day)).fetchone()
    return 0 if row is None else int(row["messages"])


def _derive(db: sqlite3.Connection, row: sqlite3.Row, purpose: str) -> str | None:
    if not row["derived_with"]:
        return None
    octets = f"modemd api {purpose} {row['id']}".encode()
    mac = db.execute("SELECT consent_mac(?, ?)", (row["derived_with"], octets)).fetchone()[0]
    return None if mac is None else bytes(mac).hex()[:_SID_DIGITS]


def _derive_token(db: sqlite3.Connection, row: sqlite3.Row, generation: int) -> str | None:
    return _derive(db, row, f"token {generation}")


def _read_row(db: sqlite3.Connection, row: sqlite3.Row) -> ApiKeyRow:
    moments = {
        name: from_text(row[name]) if row[name] is not None else None
        for name in ("expires_at", "revoked_at", "used_at")
    }
    return ApiKeyRow(
        row["id"],
        row["name"],
        tuple(row["scopes"].split()),
        tuple(row["lines"].split()),
        row["per_minute"],
        row["per_day"],
        f"AC{_derive(db, row, 'account') or '0' * _SID_DIGITS}",
        from_text(row["created_at"]),
        used_from=row["used_from"],
        **moments,
    )
