"""Table of the changes that administrators make to the words of consent."""

from __future__ import annotations

STATEMENTS = (
    # A row a word (normalised) and country (empty: all). `action` and `language` are NULL if the word is disabled.
    """CREATE TABLE consent_word (
        country TEXT NOT NULL,
        word TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('add', 'disable', 'reassign')),
        spelling TEXT NOT NULL,
        action TEXT CHECK (action IN ('opt_out', 'opt_in', 'confirm', 'help')),
        language TEXT,
        "by" TEXT NOT NULL,
        why TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (country, word)
    ) STRICT, WITHOUT ROWID""",
)
