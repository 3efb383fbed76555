"""Tables of the counts of deliveries, for the filter watch."""

from __future__ import annotations

STATEMENTS = (
    # Of messages for which a report was asked, by day (UTC). `delivered`: soon after they were sent; `missed`: all others.
    """CREATE TABLE delivery_count (
        sim TEXT NOT NULL,
        destination TEXT NOT NULL,
        marketing INTEGER NOT NULL,
        day TEXT NOT NULL,
        delivered INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        PRIMARY KEY (sim, destination, marketing, day)
    ) STRICT, WITHOUT ROWID""",
    # One row: the last attempt that is counted.
    "CREATE TABLE delivery_mark (id INTEGER PRIMARY KEY CHECK (id = 1), attempt INTEGER NOT NULL) STRICT",
)
