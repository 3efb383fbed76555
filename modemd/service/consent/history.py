"""History of one person's consent: every event with every field, and the files of evidence, as an authority wants to see it."""

from __future__ import annotations

import base64
import sqlite3
from functools import partial

from modemd.config import CurrentSettings
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.consent.policy import Marketing
from modemd.store import Store, listings
from modemd.store.consent import proof, statements
from modemd.store.consent.damage import explain_damage
from modemd.store.rows import ConsentEventRow


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """Event of the ledger, and what proves it: salt, digest and chain value in hexadecimal digits, and the id of the key. A copy
    of an event can be compared with the ledger by its salt, also after the ledger's own copy was erased."""

    event: ConsentEventRow
    salt: str
    digest: str
    key_id: str
    chain: str


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """File of evidence: its SHA-256 in hexadecimal digits, and its content in base64."""

    sha256: str
    content: str


@dataclass(frozen=True, slots=True)
class ConsentHistory:
    """History of a number: where it stands now, since when, its events, oldest first, and the files of evidence."""

    number: str
    marketing: Marketing
    since: str | None
    events: tuple[LedgerEvent, ...]
    files: tuple[StoredEvidence, ...]


class ConsentHistories:
    """Histories of numbers."""

    def __init__(self, store: Store, settings: CurrentSettings) -> None:
        self._store = store
        self._settings = settings

    async def read(self, number: str) -> ConsentHistory:
        """Returns the whole history of a number. Raises Refused (`bad_number`, `not_possible`), or StoreDamaged."""
        numbers = phone_numbers.list_spellings(number, self._settings.current().country)
        with explain_damage():
            return await self._store.read(partial(_read_history, numbers[0]))


def _read_history(number: str, db: sqlite3.Connection) -> ConsentHistory:
    events = listings.list_consent_events(db, number, limit=0)[::-1]
    found = []
    for event in events:
        row = db.execute("SELECT salt, digest, key_id, chain FROM consent_event WHERE id = ?", (event.id,)).fetchone()
        found.append(LedgerEvent(event, row["salt"].hex(), row["digest"].hex(), row["key_id"], row["chain"].hex()))
    digests = dict.fromkeys(event.evidence_file for event in events if event.evidence_file is not None)
    files = [(digest, proof.read_file(db, digest)) for digest in digests]
    contact = listings.read_contact(db, number)
    return ConsentHistory(
        number,
        statements.read_marketing(db, number),
        contact.since if contact is not None else statements.find_last_opt_out(db, number),
        tuple(found),
        tuple(
            StoredEvidence(digest, base64.b64encode(content).decode())
            for digest, content in files
            if content is not None
        ),
    )
