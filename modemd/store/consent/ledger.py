"""Consent ledger: what contacts said about their consent, and what was asked of them. Rows are only ever added.

Each row has a salt, the digest SHA-256(salt, content), and a chain value HMAC-SHA256(key, previous chain value, id, time, action,
digest). So a row that was changed, taken away or put in is found (`verification`). An erasure deletes salt and content; digest
and chain value stay, and a row `erase` of the ledger names the digests: no row can be blanked unseen.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.store.keyed_hashes import keys
from modemd.store.timestamps import to_text


class ConsentAction(StrEnum):
    """Action of a consent event."""

    REQUEST = "request"  # the contact was asked to confirm an opt-in
    CONFIRM = "confirm"  # the contact confirmed it
    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    UNDO = "undo"  # a person undid an opt-out
    REVIEW = "review"  # what the contact wrote needs a person
    EXPIRE = "expire"  # the contact did not confirm in time
    ERASE = "erase"  # a person had rows blanked; it names their digests, and no number
    RESTORE = "restore"  # a backup was restored; it says where the ledger that it replaced stood


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """Event of the ledger, about one number (E.164).

    What happened: `action`; `channel` (`sms`, `reading`, or how a person learnt of it: `form`, `phone`, `email`, `paper`, `pos`,
    `social`, `api`, `import`); `occurred_at`, None if it is now, and the local time `zone` there; `list_name`, None for all
    marketing; `sender`: the SIM that is concerned (an ICCID); `actor`: the person, user or program.
    What the contact said: `word`: the keyword; `language`; `words`: the exact text; `inbox_id`; `said_at`: the network's stamp.
    What the contact was shown: `wording`, with its version and language; `messages`: the ids of the requests.
    Proof: `basis`: the legal basis; `evidence`; `evidence_file`: the SHA-256 of a file in `consent_evidence`, in hexadecimal
    digits, and `evidence_name`: its name; `url`, `ip`, `user_agent`; `contact_id`: of another system."""

    number: str
    action: ConsentAction
    channel: str
    occurred_at: datetime | None = None
    zone: str | None = None
    list_name: str | None = None
    sender: str | None = None
    actor: str | None = None
    word: str | None = None
    language: str | None = None
    words: str | None = None
    inbox_id: int | None = None
    said_at: datetime | None = None
    wording: str | None = None
    wording_version: str | None = None
    wording_language: str | None = None
    messages: tuple[int, ...] = ()
    basis: str | None = None
    evidence: str | None = None
    evidence_file: str | None = None
    evidence_name: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    contact_id: str | None = None


# Columns that an erasure deletes. The others are: id, at, action, salt, digest, key_id, chain.
CONTENT = (
    *("number", "channel", "occurred_at", "zone", "list", "sender", "actor", "word", "language", "words", "inbox_id", "said_at"),
    *("wording", "wording_version", "wording_language", "messages", "basis", "evidence", "evidence_file", "evidence_name"),
    *("url", "ip", "user_agent", "contact_id", "erased"),
)  # fmt: skip
SEALED = ("at", "action", *CONTENT)
"""Columns of which the digest is made."""
_COLUMNS = (*SEALED, "salt", "digest", "key_id", "chain")
_INSERT = f"INSERT INTO consent_event ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608 - our own words
_NULLED = ", ".join(f"{name} = NULL" for name in ("salt", *CONTENT) if name not in ("number", "channel"))
_BLANK = f"UPDATE consent_event SET number = '', channel = '', {_NULLED} WHERE id = ?"  # noqa: S608 - our own words
# The chain value before the first row.
START = b""
# Rows that an erasure blanks in one step.
ROWS_PER_STEP = 200


def add(db: sqlite3.Connection, event: ConsentEvent, now: datetime) -> int:
    """Adds an event, recorded `now`. Returns its id."""
    return _add(
        db,
        {
            "number": event.number,
            "at": to_text(now),
            "action": event.action.value,
            "channel": event.channel,
            "occurred_at": to_text(event.occurred_at) if event.occurred_at else None,
            "zone": event.zone,
            "list": event.list_name,
            "sender": event.sender,
            "actor": event.actor,
            "word": event.word,
            "language": event.language,
            "words": event.words,
            "inbox_id": event.inbox_id,
            "said_at": to_text(event.said_at) if event.said_at else None,
            "wording": event.wording,
            "wording_version": event.wording_version,
            "wording_language": event.wording_language,
            "messages": json.dumps(event.messages) if event.messages else None,
            "basis": event.basis,
            "evidence": event.evidence,
            "evidence_file": event.evidence_file,
            "evidence_name": event.evidence_name,
            "url": event.url,
            "ip": event.ip,
            "user_agent": event.user_agent,
            "contact_id": event.contact_id,
            "erased": None,
        },
    )


def blank(
    db: sqlite3.Connection, numbers: Sequence[str], actor: str, why: str, now: datetime, limit: int = ROWS_PER_STEP
) -> int:
    """Deletes salt and content of some of the rows about `numbers`, and adds a row that names their digests, with who had it
    done and why. Files of evidence that no other row has are deleted, too. Returns how many rows; 0: none is left."""
    marks = ", ".join("?" * len(numbers))
    rows = db.execute(
        f"SELECT id, digest, evidence_file FROM consent_event WHERE number IN ({marks}) ORDER BY id LIMIT ?",  # noqa: S608 - marks
        (*numbers, limit),
    ).fetchall()
    if not rows:
        return 0
    _blank_rows(db, rows)
    digests = json.dumps([row["digest"].hex() for row in rows])
    content: dict[str, object] = dict.fromkeys(SEALED)
    content |= {"number": "", "at": to_text(now), "action": ConsentAction.ERASE.value, "channel": "erasure"}
    _add(db, content | {"actor": actor, "evidence": why, "erased": digests})
    return len(rows)


def _blank_rows(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> None:
    db.executemany(_BLANK, [(row["id"],) for row in rows])
    for file in {row["evidence_file"] for row in rows} - {None}:
        if db.execute("SELECT 1 FROM consent_event WHERE evidence_file = ? LIMIT 1", (file,)).fetchone() is None:
            db.execute("DELETE FROM consent_evidence WHERE digest = ?", (file,))


def take_over(db: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> int:
    """Adds rows of a ledger that a restore replaces, as they are, unless they are here already. Rows that were blanked there are
    blanked here. Returns how many were added."""
    taken = 0
    for row in rows:
        here = db.execute(
            "SELECT id, digest, salt, evidence_file FROM consent_event WHERE digest = ?", (row["digest"],)
        ).fetchone()
        if here is None:
            _append(db, dict(row))
            taken += 1
        elif row["salt"] is None and here["salt"] is not None:
            _blank_rows(db, [here])
    return taken


def note_restore(db: sqlite3.Connection, source: str, replaced: tuple[int, bytes] | None, now: datetime) -> None:
    """Adds the row of a restore: the name of the backup, the last row that it had, and the last row of the replaced ledger, by
    which anchors of that ledger are known. `replaced`: None if that could not be read."""
    said = {"backup": source, "rows": read_head(db)[0]}
    if replaced is not None:
        said |= {"replaced_rows": replaced[0], "replaced_chain": replaced[1].hex()}
    content: dict[str, object] = dict.fromkeys(SEALED)
    content |= {"number": "", "at": to_text(now), "action": ConsentAction.RESTORE.value, "channel": "restore"}
    _add(db, content | {"actor": "modemd", "evidence": json.dumps(said)})


def read_head(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Returns the id and the chain value of the last row; 0 and `START` if there is none."""
    row = db.execute("SELECT id, chain FROM consent_event WHERE id = (SELECT max(id) FROM consent_event)").fetchone()
    return (row["id"], row["chain"]) if row is not None else (0, START)


def compute_digest(salt: bytes, row: Mapping[str, object] | sqlite3.Row) -> bytes:
    """Returns SHA-256 of a salt and the content of a row: canonical JSON of the columns that are not NULL, so that a column
    that a later version adds changes no digest."""
    told = {name: value for name in SEALED if (value := row[name]) is not None}
    return hashlib.sha256(salt + _CANONICAL.encode(told).encode()).digest()


def make_link(previous: bytes, id: int, at: str, action: str, digest: bytes) -> bytes:
    """Returns the octets of which the chain value of a row is made. `previous`: the chain value of the row before."""
    return _CANONICAL.encode([previous.hex(), id, at, action, digest.hex()]).encode()


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _add(db: sqlite3.Connection, content: dict[str, object]) -> int:
    """Seals and adds a row of this content."""
    salt = keys.draw_salt(db)
    return _append(db, content | {"salt": salt, "digest": compute_digest(salt, content)})


def _append(db: sqlite3.Connection, row: dict[str, object]) -> int:
    """Adds a row behind the last one. SQLite never gives an id twice, also if the last rows were cut off: their ids are
    missing."""
    _, previous = read_head(db)
    key_id = (keys.list_key_ids(db) or [keys.NO_KEY])[-1]
    given = {name: row[name] for name in (*SEALED, "salt", "digest")} | {"key_id": key_id, "chain": START}
    id = db.execute(_INSERT, given).lastrowid
    digest = row["digest"]
    assert id is not None and isinstance(digest, bytes)  # noqa: S101, PT018 - an INSERT has an id, and the column is a BLOB
    chain = keys.mac(db, key_id, make_link(previous, id, str(row["at"]), str(row["action"]), digest))
    db.execute("UPDATE consent_event SET chain = ? WHERE id = ?", (chain, id))
    return id
