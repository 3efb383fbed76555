"""Tables of contacts and their consent."""

from __future__ import annotations

STATEMENTS = (
    # `written_at`: the day, roughly, on which a message other than a confirmation left for this number last (`store.lanes`).
    """CREATE TABLE contact (
        number TEXT PRIMARY KEY,
        marketing TEXT NOT NULL DEFAULT 'unknown' CHECK (marketing IN ('unknown', 'pending', 'opted_in', 'opted_out')),
        marketing_since TEXT,
        language TEXT,
        last_sim TEXT,
        written_at TEXT,
        noticed_at TEXT,
        reference INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX contact_opted_out ON contact (marketing_since) WHERE marketing = 'opted_out'",
    # Opt-outs in a national form whose country is not known. A text that begins with a digit lies between these two.
    """CREATE INDEX contact_ending ON contact (number)
       WHERE marketing = 'opted_out' AND number >= '0' AND number < ':'""",
    # See `store.consent.ledger`. `at`: when it was recorded. `inbox_id` refers to a message that retention may have deleted.
    # `erased`: the digests of blanked rows. AUTOINCREMENT: the last row that was cut off is missed.
    """CREATE TABLE consent_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number TEXT NOT NULL,
        at TEXT NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('request', 'confirm', 'opt_in', 'opt_out', 'undo', 'review', 'expire', 'erase',
                                                'restore')),
        channel TEXT NOT NULL,
        occurred_at TEXT,
        zone TEXT,
        list TEXT,
        sender TEXT,
        actor TEXT,
        word TEXT,
        language TEXT,
        words TEXT,
        inbox_id INTEGER,
        said_at TEXT,
        wording TEXT,
        wording_version TEXT,
        wording_language TEXT,
        messages TEXT,
        basis TEXT,
        evidence TEXT,
        evidence_file TEXT,
        evidence_name TEXT,
        url TEXT,
        ip TEXT,
        user_agent TEXT,
        contact_id TEXT,
        erased TEXT,
        salt BLOB,
        digest BLOB NOT NULL,
        key_id TEXT NOT NULL,
        chain BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX consent_event_number ON consent_event (number, id)",
    "CREATE UNIQUE INDEX consent_event_digest ON consent_event (digest)",
    "CREATE INDEX consent_event_evidence ON consent_event (evidence_file) WHERE evidence_file IS NOT NULL",
    # Files of evidence, by their SHA-256 in hexadecimal digits.
    """CREATE TABLE consent_evidence (
        digest TEXT PRIMARY KEY,
        content BLOB NOT NULL,
        at TEXT NOT NULL
    ) STRICT""",
    # See `store.keyed_hashes.suppression`. `is_ending`: 1 for a national number whose country is not known.
    """CREATE TABLE suppression (
        digest BLOB PRIMARY KEY,
        key_id TEXT NOT NULL,
        at TEXT NOT NULL,
        is_ending INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX suppression_ending ON suppression (is_ending) WHERE is_ending = 1",
)
