"""Tables: the rows of the CSV files of this package."""

from __future__ import annotations

import csv
from importlib import resources

_PACKAGE = "modemd.rules.consent.words"


def read_rows(name: str) -> list[dict[str, str]]:
    """Returns the rows of a CSV file of this package."""
    text = (resources.files(_PACKAGE) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
