"""Tables of API keys, what each has sent, and the audit log."""

from __future__ import annotations

STATEMENTS = (
    # `store.api_keys.keys`. Of a secret only its digest is here. `derived_with`: the id of the key of the ledger from which the
    # account and the tokens are derived; `generation` counts rotations.
    """CREATE TABLE api_key (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        digest BLOB NOT NULL UNIQUE,
        previous_digest BLOB,
        previous_until TEXT,
        derived_with TEXT NOT NULL,
        generation INTEGER NOT NULL DEFAULT 1,
        scopes TEXT NOT NULL,
        lines TEXT NOT NULL DEFAULT '',
        per_minute INTEGER,
        per_day INTEGER,
        created_at TEXT NOT NULL,
        expires_at TEXT,
        revoked_at TEXT,
        used_at TEXT,
        used_from TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL",
    """CREATE TABLE api_key_day (
        key INTEGER NOT NULL REFERENCES api_key (id),
        day TEXT NOT NULL,
        messages INTEGER NOT NULL,
        PRIMARY KEY (key, day)
    ) STRICT, WITHOUT ROWID""",
    # `store.api_keys.audit`. `api_key` NULL: it came by the Unix socket.
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        api_key INTEGER,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        method TEXT NOT NULL,
        route TEXT NOT NULL,
        status INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX audit_at ON audit (at)",
)
