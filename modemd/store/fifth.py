"""The statements of the fifth migration: counts that are kept, recurring sends, alarms, and what house-keeping needs."""

from __future__ import annotations

_TABLES = (
    # Amounts by what is counted, so that a status of millions of rows counts none of them. `reason` only of what is held.
    """CREATE TABLE tally (
        kind TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT '',
        class TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        amount INTEGER NOT NULL,
        PRIMARY KEY (kind, state, class, reason)
    ) STRICT, WITHOUT ROWID""",
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
        late INTEGER NOT NULL,
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
        outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'late', 'missed', 'failed')),
        messages TEXT,
        error TEXT,
        PRIMARY KEY (schedule_id, local)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE alarm (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        code TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        raised_at TEXT NOT NULL,
        cleared_at TEXT,
        sms_at TEXT,
        command_at TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX alarm_standing ON alarm (code, subject) WHERE cleared_at IS NULL",
    "CREATE INDEX alarm_story ON alarm (code, subject, id)",
    "ALTER TABLE message ADD COLUMN window TEXT",
    "ALTER TABLE message ADD COLUMN redacted_at TEXT",
    "ALTER TABLE inbox ADD COLUMN redacted_at TEXT",
    "CREATE INDEX message_waiting ON message (state, class, id) WHERE state IN ('held', 'queued', 'unknown')",
    "CREATE INDEX message_readable ON message (closed_at) WHERE closed_at IS NOT NULL AND redacted_at IS NULL",
    "CREATE INDEX message_redacted ON message (closed_at) WHERE redacted_at IS NOT NULL",
    "CREATE INDEX message_keyed ON message (closed_at) WHERE closed_at IS NOT NULL AND key IS NOT NULL",
    "CREATE INDEX inbox_readable ON inbox (stored_at) WHERE redacted_at IS NULL",
    "CREATE INDEX inbox_redacted ON inbox (stored_at) WHERE redacted_at IS NOT NULL",
    "CREATE INDEX inbox_visible ON inbox (coalesce(shown_at, stored_at)) WHERE complete = 1 OR shown_at IS NOT NULL",
    "CREATE INDEX consent_event_inbox ON consent_event (inbox_id) WHERE inbox_id IS NOT NULL",
    "CREATE INDEX report_old ON report (stored_at) WHERE attempt_id IS NULL",
    "CREATE INDEX schedule_run_at ON schedule_run (at)",
    "CREATE INDEX event_at ON event (at) WHERE message_id IS NULL",
)


def _reason(row: str) -> str:
    return f"CASE {row}.state WHEN 'held' THEN coalesce({row}.reason, '') ELSE '' END"


def _more(kind: str, state: str = "''", message_class: str = "''", reason: str = "''") -> str:
    return (
        f"INSERT INTO tally (kind, state, class, reason, amount) VALUES ('{kind}', {state}, {message_class}, {reason}, 1) "  # noqa: S608 - our own words
        "ON CONFLICT (kind, state, class, reason) DO UPDATE SET amount = amount + 1;"
    )


def _less(kind: str, state: str = "''", message_class: str = "''", reason: str = "''") -> str:
    return (
        f"UPDATE tally SET amount = amount - 1 WHERE kind = '{kind}' AND state = {state} "  # noqa: S608 - our own words
        f"AND class = {message_class} AND reason = {reason};"
    )


def _trigger(name: str, when: str, *actions: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {when} BEGIN {' '.join(actions)} END"


_NEW, _OLD = ("NEW.state", "NEW.class", _reason("NEW")), ("OLD.state", "OLD.class", _reason("OLD"))

# Triggers, and not each statement that changes a state: a count that one of them forgot would be wrong for ever.
_TRIGGERS = (
    _trigger("tally_message_new", "INSERT ON message", _more("message", *_NEW)),
    _trigger("tally_message_gone", "DELETE ON message", _less("message", *_OLD)),
    _trigger(
        "tally_message_moved",
        "UPDATE OF state, reason ON message "
        "WHEN NEW.state <> OLD.state OR NEW.state = 'held' AND NEW.reason IS NOT OLD.reason",
        _less("message", *_OLD),
        _more("message", *_NEW),
    ),
    _trigger("tally_contact_new", "INSERT ON contact WHEN NEW.marketing = 'opted_out'", _more("opted_out")),
    _trigger(
        "tally_contact_out",
        "UPDATE OF marketing ON contact WHEN NEW.marketing = 'opted_out' AND OLD.marketing <> 'opted_out'",
        _more("opted_out"),
    ),
    _trigger(
        "tally_contact_in",
        "UPDATE OF marketing ON contact WHEN NEW.marketing <> 'opted_out' AND OLD.marketing = 'opted_out'",
        _less("opted_out"),
    ),
    _trigger("tally_contact_gone", "DELETE ON contact WHEN OLD.marketing = 'opted_out'", _less("opted_out")),
    _trigger("tally_report_new", "INSERT ON report WHEN NEW.attempt_id IS NULL", _more("unmatched")),
    _trigger("tally_report_gone", "DELETE ON report WHEN OLD.attempt_id IS NULL", _less("unmatched")),
    _trigger(
        "tally_report_owned",
        "UPDATE OF attempt_id ON report WHEN OLD.attempt_id IS NULL AND NEW.attempt_id IS NOT NULL",
        _less("unmatched"),
    ),
)

_COUNTS = (
    f"""INSERT INTO tally (kind, state, class, reason, amount)
        SELECT 'message', state, class, {_reason("m")} AS why, count(*) FROM message m GROUP BY state, class, why""",  # noqa: S608 - our own words
    "INSERT INTO tally (kind, amount) SELECT 'opted_out', count(*) FROM contact WHERE marketing = 'opted_out'",
    "INSERT INTO tally (kind, amount) SELECT 'unmatched', count(*) FROM report WHERE attempt_id IS NULL",
)

STATEMENTS = (*_TABLES, *_COUNTS, *_TRIGGERS)
