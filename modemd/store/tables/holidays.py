"""Table of public holidays."""

from __future__ import annotations

STATEMENTS = (
    # A row a year of a country or subdivision (empty: the whole country). `days`: names by date, as JSON. `known`: 0 if the list
    # of holidays does not know the place.
    """CREATE TABLE holiday (
        country TEXT NOT NULL,
        subdivision TEXT NOT NULL,
        year INTEGER NOT NULL,
        days TEXT NOT NULL,
        known INTEGER NOT NULL,
        computed_at TEXT NOT NULL,
        PRIMARY KEY (country, subdivision, year)
    ) STRICT, WITHOUT ROWID""",
)
