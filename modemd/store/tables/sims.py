"""Tables of SIMs and modems."""

from __future__ import annotations

STATEMENTS = (
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
