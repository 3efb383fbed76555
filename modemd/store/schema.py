"""The tables, as named migrations. A migration never changes once released: a change is a new one."""

from __future__ import annotations

import sqlite3

import sqlite_utils
from sqlite_utils import Migrations

from modemd.store import fifth as _fifth
from modemd.store import sixth as _sixth

migrations = Migrations("modemd")

# The newest schema this program knows. A database that says more was written by a newer modemd.
VERSION = 6


@migrations()
def first(db: sqlite_utils.Database) -> None:
    """Messages, parts, attempts, reports, inbox, contacts, consent, SIMs, and the event rows that tell each story."""
    _run(db, _FIRST)


@migrations()
def second(db: sqlite_utils.Database) -> None:
    """More kinds of arrivals; SIMs that wait to be admitted; PINs that must not be tried again."""
    _run(db, _SECOND)


def _run(db: sqlite_utils.Database, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


_FIRST = """
CREATE TABLE sim (
    iccid TEXT PRIMARY KEY,
    imsi TEXT,
    number TEXT,
    modem TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL
) STRICT;

CREATE TABLE contact (
    number TEXT PRIMARY KEY,
    marketing TEXT NOT NULL DEFAULT 'unknown' CHECK (marketing IN ('unknown', 'opted_in', 'opted_out')),
    marketing_since TEXT,
    language TEXT,
    last_sim TEXT,
    confirmed_at TEXT,
    reference INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX contact_opted_out ON contact (marketing_since) WHERE marketing = 'opted_out';

CREATE TABLE consent_event (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('opt_out', 'opt_in')),
    word TEXT,
    language TEXT,
    channel TEXT NOT NULL,
    said_at TEXT,
    inbox_id INTEGER REFERENCES inbox (id)
) STRICT;
CREATE INDEX consent_event_number ON consent_event (number, id);

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    number TEXT NOT NULL,
    text TEXT NOT NULL,
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
    closed_at TEXT
) STRICT;
CREATE INDEX message_state ON message (state, id);
CREATE INDEX message_open ON message (expires_at) WHERE state IN ('sent', 'unknown') AND closed_at IS NULL;

CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id),
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    number TEXT NOT NULL,
    rank INTEGER NOT NULL,
    lane TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    repeats INTEGER NOT NULL DEFAULT 0,
    due TEXT,
    expires_at TEXT NOT NULL,
    UNIQUE (message_id, seq)
) STRICT;
CREATE INDEX part_queue ON part (lane, rank, message_id, seq) WHERE state = 'queued';
CREATE INDEX part_due ON part (due) WHERE due IS NOT NULL;
CREATE INDEX part_expiry ON part (expires_at) WHERE state IN ('held', 'queued');
CREATE INDEX part_in_flight ON part (number, rank, message_id) WHERE state IN ('queued', 'sending');
CREATE INDEX part_waiting ON part (number, rank) WHERE state IN ('held', 'queued');

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    part_id INTEGER NOT NULL REFERENCES part (id),
    message_id INTEGER NOT NULL REFERENCES message (id),
    number TEXT NOT NULL,
    sim TEXT NOT NULL,
    modem TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    written_at TEXT,
    closed_at TEXT,
    outcome TEXT NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'sent', 'refused', 'unknown', 'withdrawn')),
    reference INTEGER,
    error TEXT,
    settled INTEGER NOT NULL DEFAULT 0,
    matchable INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX attempt_part ON attempt (part_id);
CREATE INDEX attempt_message ON attempt (message_id);
CREATE INDEX attempt_open ON attempt (outcome) WHERE outcome = 'open';
CREATE INDEX attempt_reference ON attempt (sim, reference, opened_at) WHERE outcome = 'sent';
CREATE INDEX attempt_unknown ON attempt (sim) WHERE matchable = 1 AND outcome IN ('open', 'unknown');

CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    sim TEXT NOT NULL,
    tpdu BLOB NOT NULL,
    reference INTEGER NOT NULL,
    number TEXT NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'trying', 'permanent', 'stopped')),
    accepted_at TEXT,
    discharged_at TEXT,
    stored_at TEXT NOT NULL,
    attempt_id INTEGER REFERENCES attempt (id),
    fingerprint BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX report_unmatched ON report (sim, stored_at) WHERE attempt_id IS NULL;
CREATE INDEX report_attempt ON report (attempt_id) WHERE attempt_id IS NOT NULL;

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL,
    to_sim TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'data', 'undecodable')),
    text TEXT NOT NULL,
    parts INTEGER NOT NULL,
    total INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    sent_at TEXT,
    stored_at TEXT NOT NULL,
    shown_at TEXT
) STRICT;
CREATE INDEX inbox_collecting ON inbox (stored_at) WHERE complete = 0 AND shown_at IS NULL;

CREATE TABLE inbox_part (
    id INTEGER PRIMARY KEY,
    inbox_id INTEGER NOT NULL REFERENCES inbox (id),
    set_key TEXT,
    seq INTEGER NOT NULL,
    tpdu BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    stored_at TEXT NOT NULL
) STRICT;
CREATE INDEX inbox_part_fingerprint ON inbox_part (fingerprint, stored_at);
CREATE INDEX inbox_part_inbox ON inbox_part (inbox_id, seq);
CREATE INDEX inbox_part_set ON inbox_part (set_key, id) WHERE set_key IS NOT NULL;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    message_id INTEGER REFERENCES message (id),
    at TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX event_message ON event (message_id, id);

CREATE TABLE calendar_run (
    job TEXT NOT NULL,
    day TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (job, day)
) STRICT, WITHOUT ROWID;
"""

# SQLite cannot change a CHECK: the table is made anew. Its rows are put back before the commit looks at what refers to them.
_SECOND = """
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE inbox_before AS SELECT * FROM main.inbox;
DROP TABLE main.inbox;
CREATE TABLE inbox (
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
    shown_at TEXT
) STRICT;
INSERT INTO inbox SELECT * FROM temp.inbox_before;
DROP TABLE temp.inbox_before;
CREATE INDEX inbox_collecting ON inbox (stored_at) WHERE complete = 0 AND shown_at IS NULL;
CREATE INDEX inbox_kind ON inbox (kind, id);

ALTER TABLE sim ADD COLUMN admitted_at TEXT;
ALTER TABLE sim ADD COLUMN smsc TEXT;
UPDATE sim SET admitted_at = first_seen;

CREATE TABLE pin_try (
    holder TEXT NOT NULL,
    digest BLOB NOT NULL,
    at TEXT NOT NULL,
    refused INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (holder, digest)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def third(db: sqlite_utils.Database) -> None:
    """Lanes by number, what each SIM has used of its quotas, and pauses."""
    _run(db, _THIRD)


# In `pause` an empty class or SIM means every one.
_THIRD = """
ALTER TABLE part ADD COLUMN queued_at TEXT;

CREATE TABLE route (
    prefix TEXT PRIMARY KEY,
    lane TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sim_use (
    sim TEXT PRIMARY KEY,
    hour TEXT NOT NULL,
    hour_used INTEGER NOT NULL,
    day TEXT NOT NULL,
    day_used INTEGER NOT NULL,
    month TEXT NOT NULL,
    month_used INTEGER NOT NULL,
    marketing_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sim_booking (
    sim TEXT NOT NULL,
    reason TEXT NOT NULL,
    until TEXT NOT NULL,
    parts INTEGER NOT NULL,
    PRIMARY KEY (sim, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    class TEXT NOT NULL,
    sim TEXT NOT NULL,
    "by" TEXT NOT NULL,
    why TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (class, sim)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def fourth(db: sqlite_utils.Database) -> None:
    """Batches: rows are staged apart from the messages, accepted by one commit, and become messages step by step."""
    _run(db, _FOURTH)


# The identities of a batch's messages are set aside when it is accepted: row n of its `staged` rows becomes message
# first_message + n - first_row.
_FOURTH = """
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    digest BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('staging', 'accepted', 'held', 'done')),
    created_at TEXT NOT NULL,
    accepted_at TEXT,
    rows INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    promoted INTEGER NOT NULL DEFAULT 0,
    first_row INTEGER,
    last_row INTEGER,
    first_message INTEGER,
    clash TEXT
) STRICT;
CREATE INDEX batch_state ON batch (state, id);

CREATE TABLE staged (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL REFERENCES batch (id),
    number TEXT NOT NULL,
    text TEXT NOT NULL,
    class TEXT NOT NULL,
    parts INTEGER NOT NULL,
    report INTEGER NOT NULL,
    at TEXT,
    expires_at TEXT NOT NULL,
    key TEXT
) STRICT;
CREATE INDEX staged_number ON staged (number);
CREATE UNIQUE INDEX staged_key ON staged (key) WHERE key IS NOT NULL;

ALTER TABLE message ADD COLUMN batch INTEGER;
CREATE INDEX message_batch ON message (batch) WHERE batch IS NOT NULL;
"""


@migrations()
def fifth(db: sqlite_utils.Database) -> None:
    """Counts that are kept, recurring sends, alarms, windows, and what house-keeping needs."""
    for statement in _fifth.STATEMENTS:
        db.execute(statement)


@migrations()
def sixth(db: sqlite_utils.Database) -> None:
    """What a message costs to keep: fewer pages a commit, and a look at few attempts for a report."""
    for statement in _sixth.STATEMENTS:
        db.execute(statement)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to `VERSION`. Each step runs in a transaction; what is there already stays."""
    migrations.apply(sqlite_utils.Database(connection))
    connection.execute(f"PRAGMA user_version = {VERSION:d}")
