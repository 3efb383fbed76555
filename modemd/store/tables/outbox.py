"""Tables of outbound messages, their batches, and the events of both."""

from __future__ import annotations

MESSAGES = (
    # `window`: the text of a `rules.windows.Window`; `list`: of subscribers, by its name in the configuration. `submitted_text`:
    # NULL if the text was not changed; `has_notice`: the text says how to end marketing; `deleted_at`: since then the Twilio API
    # does not list it.
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT UNIQUE,
        number TEXT NOT NULL,
        text TEXT NOT NULL,
        submitted_text TEXT,
        class TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        parts INTEGER NOT NULL,
        report INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        at TEXT,
        expires_at TEXT NOT NULL,
        pinned TEXT,
        sim TEXT,
        reference INTEGER,
        sent_at TEXT,
        delivered_at TEXT,
        closed_at TEXT,
        batch INTEGER,
        window TEXT,
        list TEXT,
        answers TEXT,
        has_notice INTEGER NOT NULL DEFAULT 0,
        redacted_at TEXT,
        deleted_at TEXT
    ) STRICT""",
    # Questions: messages that declare words as answers (a JSON list).
    "CREATE INDEX message_question ON message (number) WHERE answers IS NOT NULL",
    # For listings, and for the oldest of each class.
    "CREATE INDEX message_state ON message (state, class)",
    "CREATE INDEX message_open ON message (expires_at) WHERE state IN ('sent', 'unknown') AND closed_at IS NULL",
    "CREATE INDEX message_batch ON message (batch) WHERE batch IS NOT NULL",
    # For frequency caps: the marketing of which an attempt was made, by recipient; what is closed by its age.
    "CREATE INDEX message_marketing ON message (number, closed_at) WHERE class = 'marketing' AND sim IS NOT NULL",
    # For retention.
    "CREATE INDEX message_readable ON message (closed_at) WHERE closed_at IS NOT NULL AND redacted_at IS NULL",
    "CREATE INDEX message_redacted ON message (closed_at) WHERE redacted_at IS NOT NULL",
    "CREATE INDEX message_keyed ON message (closed_at) WHERE closed_at IS NOT NULL AND key IS NOT NULL",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        message_id INTEGER REFERENCES message (id),
        at TEXT NOT NULL,
        what TEXT NOT NULL,
        detail TEXT
    ) STRICT""",
    # Rows of one message lie in the order of their ids anyway.
    "CREATE INDEX event_message ON event (message_id)",
    "CREATE INDEX event_at ON event (at) WHERE message_id IS NULL",
)

# The ids of a batch's messages are set aside when it is accepted: row n of its `staged` rows becomes message
# first_message + n - first_row.
BATCHES = (
    """CREATE TABLE batch (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT UNIQUE,
        digest BLOB NOT NULL,
        options TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL CHECK (state IN ('staging', 'accepted', 'held', 'promoted')),
        reason TEXT,
        created_at TEXT NOT NULL,
        accepted_at TEXT,
        rows INTEGER NOT NULL DEFAULT 0,
        again INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0,
        promoted INTEGER NOT NULL DEFAULT 0,
        first_row INTEGER,
        last_row INTEGER,
        first_message INTEGER,
        clash TEXT,
        decision TEXT CHECK (decision IN ('cancel', 'pause', 'resume')),
        decided_at TEXT,
        decided_by TEXT,
        decided_why TEXT
    ) STRICT""",
    "CREATE INDEX batch_state ON batch (state, id)",
    # The same file once more.
    "CREATE INDEX batch_digest ON batch (digest, id)",
    """CREATE TABLE staged (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        batch INTEGER NOT NULL REFERENCES batch (id),
        number TEXT NOT NULL,
        text TEXT NOT NULL,
        class TEXT NOT NULL,
        parts INTEGER NOT NULL,
        report INTEGER NOT NULL,
        at TEXT,
        expires_at TEXT NOT NULL,
        key TEXT,
        pinned TEXT,
        window TEXT,
        list TEXT,
        answers TEXT
    ) STRICT""",
    "CREATE INDEX staged_number ON staged (number)",
    "CREATE UNIQUE INDEX staged_key ON staged (key) WHERE key IS NOT NULL",
)

STATEMENTS = (*MESSAGES, *BATCHES)
