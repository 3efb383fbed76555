"""Tables of automatic answers."""

from __future__ import annotations

STATEMENTS = (
    # Automatic answers of the last days; `store.consent.answers`.
    """CREATE TABLE consent_answer (
        message_id INTEGER PRIMARY KEY,
        number TEXT NOT NULL,
        prefix TEXT NOT NULL,
        kind TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX consent_answer_number ON consent_answer (number, at)",
    "CREATE INDEX consent_answer_prefix ON consent_answer (prefix, at)",
    "CREATE INDEX consent_answer_at ON consent_answer (at)",
)
