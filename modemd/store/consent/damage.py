"""Damage of the ledger that SQLite does not see: a table that is gone, or a text that is not UTF-8."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from modemd.errors import StoreDamaged


@contextmanager
def explain_damage() -> Iterator[None]:
    """Raises StoreDamaged for the error of a query that finds such damage. The daemon goes on: the rest is whole."""
    try:
        yield
    except sqlite3.OperationalError as error:
        said = str(error)
        if said.startswith("no such table"):
            raise StoreDamaged(f"the consent ledger cannot be read: {said}; restore a backup") from error
        if is_text_damage(error):
            raise StoreDamaged(
                "the consent ledger has a text that is not UTF-8, so it was changed; modemd consent verify names the row"
            ) from error
        raise


def is_text_damage(error: sqlite3.OperationalError) -> bool:
    """Returns True if an error says that a text is not UTF-8."""
    return str(error).startswith("Could not decode to UTF-8")
