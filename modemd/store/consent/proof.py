"""Proof of a statement that a person enters: on what basis, what the contact was shown, and what was kept of it."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.store.timestamps import to_text

LARGEST_EVIDENCE = 1024 * 1024
"""Octets of a file of evidence."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """File of evidence: its name, and what is in it (at most `LARGEST_EVIDENCE` octets)."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Proof:
    """Proof of a statement, as `ledger.ConsentEvent` explains its fields. `occurred_at`: when the contact said it, None if that
    is not known; `file`: a file of evidence."""

    occurred_at: datetime | None = None
    zone: str | None = None
    actor: str | None = None
    basis: str | None = None
    evidence: str | None = None
    file: EvidenceFile | None = None
    wording: str | None = None
    wording_version: str | None = None
    wording_language: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    contact_id: str | None = None


NO_PROOF = Proof()


def store_file(db: sqlite3.Connection, file: EvidenceFile, now: datetime) -> None:
    """Stores a file of evidence, once for each content."""
    db.execute(
        "INSERT INTO consent_evidence (digest, content, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (file.digest, file.content, to_text(now)),
    )


def read_file(db: sqlite3.Connection, digest: str) -> bytes | None:
    """Returns the content of a file of evidence by its SHA-256; None if it is not there."""
    row = db.execute("SELECT content FROM consent_evidence WHERE digest = ?", (digest,)).fetchone()
    return row["content"] if row is not None else None
