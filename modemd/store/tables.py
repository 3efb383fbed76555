"""Tables and indexes of version 1 of the schema, by subject.

Times are texts as `timestamps.to_text` makes them; numbers of recipients are in E.164; a `sim` is an ICCID, or the identity of
another sender. Each index that a change of state touches costs a page more in its commit, and flash cards wear by pages: so
there are few indexes, and most hold only the rows that their query is about.
"""

from __future__ import annotations

from modemd.store import tally

_CONTACTS = (
    # `written_at`: the day, roughly, on which a message other than a confirmation left for this number last (`store.lanes`).
    """CREATE TABLE contact (
        number TEXT PRIMARY KEY,
        marketing TEXT NOT NULL DEFAULT 'unknown' CHECK (marketing IN ('unknown', 'opted_in', 'opted_out')),
        marketing_since TEXT,
        language TEXT,
        last_sim TEXT,
        confirmed_at TEXT,
        written_at TEXT,
        reference INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX contact_opted_out ON contact (marketing_since) WHERE marketing = 'opted_out'",
    # Opt-outs in a national form whose country is not known. A text that begins with a digit lies between these two.
    """CREATE INDEX contact_ending ON contact (number)
       WHERE marketing = 'opted_out' AND number >= '0' AND number < ':'""",
    """CREATE TABLE consent_event (
        id INTEGER PRIMARY KEY,
        number TEXT NOT NULL,
        at TEXT NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('opt_out', 'opt_in')),
        word TEXT,
        language TEXT,
        channel TEXT NOT NULL,
        said_at TEXT,
        inbox_id INTEGER REFERENCES inbox (id)
    ) STRICT""",
    "CREATE INDEX consent_event_number ON consent_event (number, id)",
    "CREATE INDEX consent_event_inbox ON consent_event (inbox_id) WHERE inbox_id IS NOT NULL",
)

_MESSAGES = (
    # `window`: the text of a `rules.windows.Window`.
    """CREATE TABLE message (
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
        closed_at TEXT,
        batch INTEGER,
        window TEXT,
        redacted_at TEXT
    ) STRICT""",
    # For listings, and for the oldest of each class.
    "CREATE INDEX message_state ON message (state, class)",
    "CREATE INDEX message_open ON message (expires_at) WHERE state IN ('sent', 'unknown') AND closed_at IS NULL",
    "CREATE INDEX message_batch ON message (batch) WHERE batch IS NOT NULL",
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

# The queue; `modemd.store.queue` says how it works, and why its indexes have this shape.
_QUEUE = (
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

_ATTEMPTS = (
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

# The ids of a batch's messages are set aside when it is accepted: row n of its `staged` rows becomes message
# first_message + n - first_row.
_BATCHES = (
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
        window TEXT
    ) STRICT""",
    "CREATE INDEX staged_number ON staged (number)",
    "CREATE UNIQUE INDEX staged_key ON staged (key) WHERE key IS NOT NULL",
)

_INBOX = (
    """CREATE TABLE inbox (
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
        shown_at TEXT,
        redacted_at TEXT
    ) STRICT""",
    "CREATE INDEX inbox_collecting ON inbox (stored_at) WHERE complete = 0 AND shown_at IS NULL",
    "CREATE INDEX inbox_kind ON inbox (kind, id)",
    "CREATE INDEX inbox_visible ON inbox (coalesce(shown_at, stored_at)) WHERE complete = 1 OR shown_at IS NOT NULL",
    # For retention.
    "CREATE INDEX inbox_readable ON inbox (stored_at) WHERE redacted_at IS NULL",
    "CREATE INDEX inbox_redacted ON inbox (stored_at) WHERE redacted_at IS NOT NULL",
    # `slot`: the place on the modem (`SM/7`) that still holds a part after it was stored.
    """CREATE TABLE inbox_part (
        id INTEGER PRIMARY KEY,
        inbox_id INTEGER NOT NULL REFERENCES inbox (id),
        set_key TEXT,
        seq INTEGER NOT NULL,
        tpdu BLOB NOT NULL,
        fingerprint BLOB NOT NULL,
        stored_at TEXT NOT NULL,
        slot TEXT
    ) STRICT""",
    "CREATE INDEX inbox_part_fingerprint ON inbox_part (fingerprint, stored_at)",
    "CREATE INDEX inbox_part_inbox ON inbox_part (inbox_id, seq)",
    "CREATE INDEX inbox_part_set ON inbox_part (set_key, id) WHERE set_key IS NOT NULL",
    "CREATE INDEX inbox_part_slot ON inbox_part (slot) WHERE slot IS NOT NULL",
)

_SIMS = (
    # `modem`: the IMEI of the modem that the SIM was in when it was seen last. `admitted_at`: NULL while it waits for a person.
    """CREATE TABLE sim (
        iccid TEXT PRIMARY KEY,
        imsi TEXT,
        number TEXT,
        modem TEXT NOT NULL,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        admitted_at TEXT,
        smsc TEXT
    ) STRICT""",
    # Modems that were found by themselves. `place`: the USB place in which it answered last.
    """CREATE TABLE modem (
        name TEXT PRIMARY KEY,
        imei TEXT,
        place TEXT NOT NULL,
        found_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # PINs that a holder (a SIM, or a modem) was given and did not take, or did not answer: they are not tried again.
    """CREATE TABLE pin_try (
        holder TEXT NOT NULL,
        digest BLOB NOT NULL,
        at TEXT NOT NULL,
        refused INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (holder, digest)
    ) STRICT, WITHOUT ROWID""",
)

_CALENDAR = (
    """CREATE TABLE calendar_run (
        job TEXT NOT NULL,
        day TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (job, day)
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
        pinned TEXT,
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
    "CREATE INDEX schedule_run_at ON schedule_run (at)",
)

_ALARMS = (
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

# The subjects in this order: a table is made before the indexes and triggers on it.
STATEMENTS = (
    *_CONTACTS,
    *_MESSAGES,
    *_QUEUE,
    *_ATTEMPTS,
    *_BATCHES,
    *_INBOX,
    *_SIMS,
    *_CALENDAR,
    *_ALARMS,
    *tally.STATEMENTS,
)
