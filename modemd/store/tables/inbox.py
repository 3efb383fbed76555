"""Tables of inbound messages."""

from __future__ import annotations

STATEMENTS = (
    # `deleted_at`: since then the Twilio API does not list it.
    """CREATE TABLE inbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sender TEXT NOT NULL,
        to_sim TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('text', 'data', 'undecodable', 'mms', 'voicemail', 'sim_data', 'call')),
        text TEXT NOT NULL,
        parts INTEGER NOT NULL,
        total INTEGER NOT NULL,
        complete INTEGER NOT NULL,
        sent_at TEXT,
        stored_at TEXT NOT NULL,
        shown_at TEXT,
        redacted_at TEXT,
        deleted_at TEXT
    ) STRICT""",
    "CREATE INDEX inbox_collecting ON inbox (stored_at) WHERE complete = 0 AND shown_at IS NULL",
    "CREATE INDEX inbox_kind ON inbox (kind, id)",
    "CREATE INDEX inbox_visible ON inbox (coalesce(shown_at, stored_at)) WHERE complete = 1 OR shown_at IS NOT NULL",
    # For retention.
    "CREATE INDEX inbox_readable ON inbox (stored_at) WHERE redacted_at IS NULL",
    "CREATE INDEX inbox_redacted ON inbox (stored_at) WHERE redacted_at IS NOT NULL",
    # `slot`: the place on the modem (`SM/7`) that still holds a part after it was stored.
    """CREATE TABLE inbox_part (
        id INTEGER PRIMARY KEY,
        inbox_id INTEGER NOT NULL REFERENCES inbox (id),
        set_key TEXT,
        seq INTEGER NOT NULL,
        tpdu BLOB NOT NULL,
        fingerprint BLOB NOT NULL,
        stored_at TEXT NOT NULL,
        slot TEXT
    ) STRICT""",
    "CREATE INDEX inbox_part_fingerprint ON inbox_part (fingerprint, stored_at)",
    "CREATE INDEX inbox_part_inbox ON inbox_part (inbox_id, seq)",
    "CREATE INDEX inbox_part_set ON inbox_part (set_key, id) WHERE set_key IS NOT NULL",
    "CREATE INDEX inbox_part_slot ON inbox_part (slot) WHERE slot IS NOT NULL",
)
