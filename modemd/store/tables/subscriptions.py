"""Tables of lists of subscribers, of requests to confirm an opt-in, and of reviews."""

from __future__ import annotations

STATEMENTS = (
    # `list`: its name in the configuration. `is_closed_by_stop`: a general STOP closed it; a general START opens it again.
    """CREATE TABLE subscription (
        number TEXT NOT NULL,
        list TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'opted_in', 'opted_out')),
        since TEXT NOT NULL,
        is_closed_by_stop INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (number, list)
    ) STRICT, WITHOUT ROWID""",
    # Requests that are not answered yet. An empty `list` means all marketing. `messages`: their ids, as JSON.
    """CREATE TABLE opt_in_request (
        number TEXT NOT NULL,
        list TEXT NOT NULL,
        requested_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        remind_at TEXT,
        messages TEXT NOT NULL,
        language TEXT,
        sim TEXT,
        PRIMARY KEY (number, list)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX opt_in_request_expiry ON opt_in_request (expires_at)",
    "CREATE INDEX opt_in_request_reminder ON opt_in_request (remind_at) WHERE remind_at IS NOT NULL",
    # See `store.consent.reviews.ReviewRow`.
    "CREATE INDEX subscription_list ON subscription (list, number)",
    """CREATE TABLE consent_review (
        id INTEGER PRIMARY KEY,
        number TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('ambiguous', 'check', 'flips', 'reassigned', 'mail', 'confirmation')),
        inbox_id INTEGER REFERENCES inbox (id),
        inbox_ids TEXT NOT NULL,
        text TEXT NOT NULL,
        word TEXT,
        tier INTEGER,
        opened_at TEXT NOT NULL,
        due_at TEXT,
        resolved_at TEXT,
        resolution TEXT CHECK (resolution IN ('opt_out', 'dismissed', 'undone', 'superseded')),
        "by" TEXT,
        why TEXT
    ) STRICT""",
    # Mail whose number is not known has none.
    "CREATE INDEX consent_review_open ON consent_review (number, kind, due_at) WHERE resolved_at IS NULL",
    "CREATE INDEX consent_review_due ON consent_review (due_at) WHERE resolved_at IS NULL AND due_at IS NOT NULL",
    "CREATE INDEX consent_review_inbox ON consent_review (inbox_id) WHERE inbox_id IS NOT NULL",
)
