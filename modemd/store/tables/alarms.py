"""Tables of alarms."""

from __future__ import annotations

STATEMENTS = (
    # `clear_sms`, `clear_command`: 1 while it is to be told that way that the alarm is over.
    """CREATE TABLE alarm (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        code TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        raised_at TEXT NOT NULL,
        cleared_at TEXT,
        sms_at TEXT,
        command_at TEXT,
        clear_sms INTEGER NOT NULL DEFAULT 0,
        clear_command INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE UNIQUE INDEX alarm_standing ON alarm (code, subject) WHERE cleared_at IS NULL",
    "CREATE INDEX alarm_all_clear ON alarm (id) WHERE clear_sms = 1 OR clear_command = 1",
    "CREATE INDEX alarm_history ON alarm (code, subject, id)",
)
