"""Tables of the queue: parts, lanes, pauses and quotas; attempts and status reports."""

from __future__ import annotations

# The queue; `modemd.store.queue` says how it works, and why its indexes have this shape.
QUEUE = (
    # See `rules.lanes.Lane`. Empty texts, not NULLs, so that UNIQUE holds.
    """CREATE TABLE lane (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('sender', 'any', 'cheapest', 'preferred')),
        prefix TEXT NOT NULL,
        home TEXT NOT NULL,
        UNIQUE (kind, prefix, home)
    ) STRICT""",
    # The lanes that the configuration makes, by prefix. `applied`: 0 until what was queued before is in them.
    """CREATE TABLE route (
        prefix TEXT PRIMARY KEY,
        lane INTEGER NOT NULL REFERENCES lane (id),
        applied INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # `rank` and `started`: see `rules.queue_place.QueuePlace`.
    """CREATE TABLE part (
        id INTEGER PRIMARY KEY,
        message_id INTEGER NOT NULL REFERENCES message (id),
        seq INTEGER NOT NULL,
        state TEXT NOT NULL,
        number TEXT NOT NULL,
        rank INTEGER NOT NULL,
        started INTEGER NOT NULL DEFAULT 0,
        lane INTEGER NOT NULL REFERENCES lane (id),
        tries INTEGER NOT NULL DEFAULT 0,
        repeats INTEGER NOT NULL DEFAULT 0,
        due TEXT,
        booking INTEGER,
        expires_at TEXT NOT NULL,
        queued_at TEXT,
        UNIQUE (message_id, seq)
    ) STRICT""",
    "CREATE INDEX part_queue ON part (lane, rank, started DESC, message_id, seq) WHERE state = 'queued'",
    "CREATE INDEX part_in_flight ON part (number, rank, message_id) WHERE state IN ('queued', 'sending')",
    # For a STOP, beside part_in_flight: what is never held is not in it.
    "CREATE INDEX part_held ON part (number, rank) WHERE state = 'held'",
    "CREATE INDEX part_due ON part (due) WHERE due IS NOT NULL",
    "CREATE INDEX part_expiry ON part (expires_at) WHERE state IN ('held', 'queued')",
    # An empty class or SIM means every one.
    """CREATE TABLE pause (
        class TEXT NOT NULL,
        sim TEXT NOT NULL,
        "by" TEXT NOT NULL,
        why TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (class, sim)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE sim_use (
        sim TEXT PRIMARY KEY,
        hour TEXT NOT NULL,
        hour_used INTEGER NOT NULL,
        day TEXT NOT NULL,
        day_used INTEGER NOT NULL,
        month TEXT NOT NULL,
        month_used INTEGER NOT NULL,
        marketing_used INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # Windows in which held parts have a place, by the reason for which they are held.
    """CREATE TABLE sim_booking (
        id INTEGER PRIMARY KEY,
        sim TEXT NOT NULL,
        reason TEXT NOT NULL,
        until TEXT NOT NULL,
        parts INTEGER NOT NULL,
        UNIQUE (sim, reason, until)
    ) STRICT""",
    # Whatever ends a hold, or moves it (a cancel, a pause, a STOP, the window itself), gives the place back.
    """CREATE TRIGGER part_booking AFTER UPDATE OF state, due ON part
       WHEN OLD.booking IS NOT NULL AND (NEW.state <> 'held' OR NEW.due IS NOT OLD.due)
       BEGIN
           UPDATE sim_booking SET parts = parts - 1 WHERE id = OLD.booking;
           UPDATE part SET booking = NULL WHERE id = OLD.id;
       END""",
)

ATTEMPTS = (
    """CREATE TABLE attempt (
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
    ) STRICT""",
    "CREATE INDEX attempt_part ON attempt (part_id)",
    "CREATE INDEX attempt_message ON attempt (message_id)",
    # The end of the number tells whose of many attempts with one TP-MR a report can be (`rules.phone_numbers.tail`).
    "CREATE INDEX attempt_reference ON attempt (sim, reference, substr(number, -6)) WHERE outcome = 'sent'",
    # The other attempts to a number that a report can be of.
    "CREATE INDEX attempt_recipient ON attempt (sim, substr(number, -6), opened_at) WHERE outcome = 'sent'",
    # For reports, and for the start after a crash.
    "CREATE INDEX attempt_unanswered ON attempt (sim, matchable) WHERE outcome IN ('open', 'unknown')",
    # last_attempt: up to it, all attempts of the SIM had ended when the report came.
    """CREATE TABLE report (
        id INTEGER PRIMARY KEY,
        sim TEXT NOT NULL,
        tpdu BLOB NOT NULL,
        reference INTEGER NOT NULL,
        number TEXT NOT NULL,
        status INTEGER NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'unconfirmed', 'trying', 'permanent', 'stopped')),
        accepted_at TEXT,
        discharged_at TEXT,
        stored_at TEXT NOT NULL,
        attempt_id INTEGER REFERENCES attempt (id),
        last_attempt INTEGER NOT NULL,
        fingerprint BLOB NOT NULL UNIQUE
    ) STRICT""",
    "CREATE INDEX report_unmatched ON report (sim, stored_at) WHERE attempt_id IS NULL",
    "CREATE INDEX report_attempt ON report (attempt_id) WHERE attempt_id IS NOT NULL",
    "CREATE INDEX report_old ON report (stored_at) WHERE attempt_id IS NULL",
)

STATEMENTS = (*QUEUE, *ATTEMPTS)
