"""Facts about a contact, read from the database: `python -m benchmarks.contacts`. Long lists must not slow that.

Two databases in memory: one with a million suppressed numbers and a million contacts, and an empty one. CPU time, the median over
the rounds; the rounds of both alternate.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import time
from datetime import UTC, datetime
from functools import partial

from benchmarks.figures import figure
from modemd.rules.classes import MessageClass
from modemd.store.connection import connect
from modemd.store.consent import contact_facts
from modemd.store.keyed_hashes.keys import SALT_OCTETS, LedgerKeys
from modemd.store.keyed_hashes.suppression import find_suppression
from modemd.store.schema import migrate

MILLION = 1_000_000
ROUNDS = 11
CALLS = 2000
MOST_RATIO = 1.5
NOW = datetime(2026, 7, 14, tzinfo=UTC)


def make_database(rows: int) -> sqlite3.Connection:
    """Returns a database with so many suppressed numbers, and so many contacts of which every tenth has opted out."""
    db = connect(":memory:", LedgerKeys((bytes(range(32)),), draw_salt=partial(random.randbytes, SALT_OCTETS)))
    migrate(db)
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO suppression (digest, key_id, at, is_ending) VALUES (?, 'k', '2026-01-01', 0)",
        ((random.randbytes(32),) for _ in range(rows)),
    )
    db.executemany(
        "INSERT INTO contact (number, marketing, marketing_since) VALUES (?, ?, '2026-01-01')",
        ((_number(index), "unknown" if index % 10 else "opted_out") for index in range(rows)),
    )
    db.execute("COMMIT")
    return db


def _number(index: int) -> str:
    return f"+336{index:08d}"


def read(db: sqlite3.Connection) -> float:
    """Returns the seconds of CPU time for one contact: what it said, its lists and reviews, its marketing messages, and whether
    it is on the suppression list."""
    numbers = [_number(random.randrange(MILLION)) for _ in range(CALLS)]
    began = time.process_time()
    for number in numbers:
        contact_facts.read(db, number, MessageClass.MARKETING, NOW, "promo")
        find_suppression(db, number)
    return (time.process_time() - began) / CALLS


def main() -> int:
    """Prints a line a figure; the exit status says whether the ratio is small enough."""
    full, empty = make_database(MILLION), make_database(0)
    pairs = [(read(full), read(empty)) for _ in range(ROUNDS)]
    large, small = (statistics.median(column) for column in zip(*pairs, strict=True))
    figure("facts about a contact, of a million", large * 1e6, "µs")
    figure("facts about a contact, of an empty database", small * 1e6, "µs")
    figure("ratio", large / small, most=MOST_RATIO)
    return 0 if large / small <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
