"""Tables of recurring work."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE calendar_run (
        job TEXT NOT NULL,
        day TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (job, day)
    ) STRICT, WITHOUT ROWID""",
    # `api_key`: the key that made it; NULL: it came by the Unix socket.
    """CREATE TABLE schedule (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        cron TEXT NOT NULL,
        zone TEXT NOT NULL,
        recipients TEXT NOT NULL,
        text TEXT NOT NULL,
        class TEXT NOT NULL,
        report INTEGER NOT NULL,
        valid_s INTEGER,
        window TEXT,
        pinned TEXT,
        list TEXT,
        answers TEXT,
        late INTEGER NOT NULL,
        api_key INTEGER,
        paused INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        looked_at TEXT NOT NULL,
        removed_at TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX schedule_name ON schedule (name) WHERE removed_at IS NULL",
    """CREATE TABLE schedule_run (
        schedule_id INTEGER NOT NULL REFERENCES schedule (id),
        local TEXT NOT NULL,
        at TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'late', 'missed', 'failed', 'refused')),
        messages TEXT,
        error TEXT,
        PRIMARY KEY (schedule_id, local)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX schedule_run_at ON schedule_run (at)",
)
