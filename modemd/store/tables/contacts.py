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
        confirmed_at TEXT,
        written_at TEXT,
        reference INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX contact_opted_out ON contact (marketing_since) WHERE marketing = 'opted_out'",
    # Opt-outs in a national form whose country is not known. A text that begins with a digit lies between these two.
    """CREATE INDEX contact_ending ON contact (number)
       WHERE marketing = 'opted_out' AND number >= '0' AND number < ':'""",
    # See `store.consent.ledger.ConsentEvent`. `at`: when it was recorded.
    """CREATE TABLE consent_event (
        id INTEGER PRIMARY KEY,
        number TEXT NOT NULL,
        at TEXT NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('request', 'confirm', 'opt_in', 'opt_out', 'undo', 'review', 'expire')),
        channel TEXT NOT NULL,
        occurred_at TEXT,
        zone TEXT,
        list TEXT,
        sender TEXT,
        actor TEXT,
        word TEXT,
        language TEXT,
        words TEXT,
        inbox_id INTEGER REFERENCES inbox (id),
        said_at TEXT,
        wording TEXT,
        wording_version TEXT,
        wording_language TEXT,
        messages TEXT,
        basis TEXT,
        evidence TEXT,
        url TEXT,
        ip TEXT,
        user_agent TEXT,
        contact_id TEXT
    ) STRICT""",
    "CREATE INDEX consent_event_number ON consent_event (number, id)",
    "CREATE INDEX consent_event_inbox ON consent_event (inbox_id) WHERE inbox_id IS NOT NULL",
)
