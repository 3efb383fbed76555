"""Keys of the consent ledger: read from the file beside the database, and given to SQL as functions of a connection.

The functions of the store get only a connection. So each connection that may need a key has these SQL functions:

- `consent_salt()`: 16 random octets;
- `consent_key_ids()`: the ids of the keys, oldest first, with commas between them; the last is the one in use;
- `consent_mac(id, octets)`: HMAC-SHA256 by the key with this id; NULL if that key is not here. The id '' is that of no key: the
  ledger goes on without one, and `modemd consent verify` tells which rows nothing protects.

The file has one key a line, as 64 hexadecimal digits; the last line is the key in use. A person who finds a lost key again adds
it as the first line.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sqlite3
from collections.abc import Callable
from dataclasses import field
from functools import partial
from pathlib import Path

from modemd.light_dataclass import dataclass

KEY_OCTETS = 32
SALT_OCTETS = 16
NO_KEY = ""
"""The id of no key."""
_LINE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """Keys of the ledger, oldest first; the last one is in use. `problem`: why there is none, None if there is one."""

    keys: tuple[bytes, ...]
    problem: str | None = None
    draw_salt: Callable[[], bytes] = field(default=partial(os.urandom, SALT_OCTETS))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, in their order."""
        return tuple(map(find_key_id, self.keys))

    def compute_mac(self, key_id: str, octets: bytes) -> bytes | None:
        """Returns HMAC-SHA256 of `octets` by a key; None if that key is not here."""
        if key_id == NO_KEY:
            return hmac.digest(b"", octets, "sha256")
        found = next((key for key in self.keys if find_key_id(key) == key_id), None)
        return hmac.digest(found, octets, "sha256") if found is not None else None

    def register(self, connection: sqlite3.Connection) -> None:
        """Gives the SQL functions to a connection."""
        keys = dict(zip(self.ids, self.keys, strict=True)) | {NO_KEY: b""}
        ids = ",".join(self.ids)

        def compute(key_id: str, octets: bytes) -> bytes | None:
            key = keys.get(key_id)
            return hmac.digest(key, octets, "sha256") if key is not None else None

        connection.create_function("consent_salt", 0, self.draw_salt)
        connection.create_function("consent_key_ids", 0, lambda: ids)
        connection.create_function("consent_mac", 2, compute, deterministic=True)


def find_key_id(key: bytes) -> str:
    """Returns the id of a key: the first 8 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


def key_file(database: Path) -> Path:
    """Returns the path of the file with the keys of a database: of the file itself, whatever link leads to it."""
    database = database.resolve()
    return database.with_name(f"{database.name}.key")


def read_keys(database: Path) -> LedgerKeys:
    """Returns the keys beside a database. If there is no file, or it cannot be read or understood, there is no key, and
    `problem` says why: nothing that modemd does waits for a key."""
    path = key_file(database)
    try:
        return LedgerKeys(parse_keys(path.read_bytes()))
    except FileNotFoundError:
        return LedgerKeys((), f"{path} is not there")
    except OSError as error:
        return LedgerKeys((), f"{path}: {error.strerror or error}")
    except ValueError as error:
        return LedgerKeys((), f"{path}: {error}")


def parse_keys(content: bytes) -> tuple[bytes, ...]:
    """Returns the keys in a file. ValueError if it holds none, or anything else."""
    lines = [line for line in content.decode("latin-1").split("\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        if not _LINE.fullmatch(line.strip()):
            raise ValueError(f"line {number} is no key; a key has 64 hexadecimal digits")
    if not lines:
        raise ValueError("holds no key")
    return tuple(dict.fromkeys(bytes.fromhex(line.strip()) for line in lines))


def format_keys(keys: tuple[bytes, ...]) -> bytes:
    """Returns the content of a file with these keys."""
    return "".join(f"{key.hex()}\n" for key in keys).encode()


def list_key_ids(db: sqlite3.Connection) -> list[str]:
    """Returns the ids of the keys of a connection, oldest first; none if it has no key."""
    ids: str = db.execute("SELECT consent_key_ids()").fetchone()[0]
    return ids.split(",") if ids else []


def mac(db: sqlite3.Connection, key_id: str, octets: bytes) -> bytes | None:
    """Returns HMAC-SHA256 by a key of a connection; None if that key is not here."""
    found: bytes | None = db.execute("SELECT consent_mac(?, ?)", (key_id, octets)).fetchone()[0]
    return found


def draw_salt(db: sqlite3.Connection) -> bytes:
    """Returns the salt of a new row."""
    salt: bytes = db.execute("SELECT consent_salt()").fetchone()[0]
    return salt
