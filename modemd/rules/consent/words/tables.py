"""Tables: the rows of the CSV files of this package."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib import resources

_PACKAGE = "modemd.rules.consent.words"


def read_rows(name: str) -> Iterator[dict[str, str]]:
    """Yields the rows of a CSV file of this package, one at a time: together they would take more memory than what is made of
    them."""
    with (resources.files(_PACKAGE) / name).open("r", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
