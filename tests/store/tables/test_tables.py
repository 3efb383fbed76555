"""The tables of the schema, by subject."""

from __future__ import annotations

import importlib
import pkgutil

from modemd.store import tables


def test_no_subject_is_forgotten() -> None:
    """Every file of the folder adds its statements to the schema."""
    subjects = [each.name for each in pkgutil.iter_modules(tables.__path__)]
    assert len(subjects) >= 7
    for name in subjects:
        statements = importlib.import_module(f"modemd.store.tables.{name}").STATEMENTS
        assert set(statements) <= set(tables.STATEMENTS), name
