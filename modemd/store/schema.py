"""Versions of the schema: brings a database to the version of this program, and refuses a file that it does not know.

The first version makes the tables (`modemd.store.tables`). Each later version is a step of its own, added to `STEPS`; a step
never changes once it is released. A step runs in a transaction together with the new `PRAGMA user_version`, so a database has
one version whole or the one before. `files.opening` copies the database before the first step.

SQLite cannot change the CHECK of a column. A step that needs that copies the table, drops it, makes it anew and puts the rows
back, under `PRAGMA defer_foreign_keys = ON`: the commit then checks what refers to them.

sqlite_utils and the statements are loaded for a step only: with what it imports, it takes more than 1 MiB.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from modemd.errors import StoreError

if TYPE_CHECKING:
    import sqlite_utils

Step: TypeAlias = "Callable[[sqlite_utils.Database], None]"

# "modd": marks the header of a SQLite file as modemd's (`PRAGMA application_id`).
APPLICATION_ID = 0x6D6F6464
# Where sqlite_utils records the steps that were done.
RECORD_TABLE = "_sqlite_migrations"


def make_tables(db: sqlite_utils.Database) -> None:
    """Makes every table, index and trigger of version 1."""
    from modemd.store.tables import STATEMENTS

    for statement in STATEMENTS:
        db.execute(statement)


# Step n, counted from 1, makes version n out of version n - 1.
STEPS: tuple[Step, ...] = (make_tables,)
# The newest version that this program knows.
VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Brings a database that `read_version` has accepted to the newest version. Does nothing if it has that already. If a step
    fails, its transaction is rolled back, and its error is raised; the steps before it stay done."""
    import sqlite_utils

    migrations = sqlite_utils.Migrations("modemd")
    for version, step in enumerate(steps, start=1):
        migrations(name=f"version {version}")(_make_versioned(step, version))
    migrations.apply(sqlite_utils.Database(connection))


def _make_versioned(step: Step, version: int) -> Step:
    """Returns a step that also stores its version, in the same transaction."""

    def run(db: sqlite_utils.Database) -> None:
        step(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        db.execute(f"PRAGMA user_version = {version:d}")

    return run


def read_version(connection: sqlite3.Connection, path: Path) -> int:
    """Returns the version of the schema of the file at `path`; 0 if the file is empty. StoreError: another program wrote it, or a
    modemd of before the first release."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    # The record of migrations may be there alone: the power went before the first step was committed.
    is_empty = connection.execute(_COUNT_OTHERS, (RECORD_TABLE,)).fetchone()[0] == 0
    if (application, version) == (0, 0) and is_empty:
        return 0
    if application != APPLICATION_ID or version < 1:
        raise StoreError(
            f"{path}: is no database of modemd, or one of a modemd before its first release (application_id {application}, "
            f"user_version {version}); restore a backup, or move the file away to start anew"
        )
    return version


_COUNT_OTHERS = "SELECT count(*) FROM sqlite_master WHERE tbl_name <> ?"


def refuse_newer(version: int, path: Path, newest: int = VERSION) -> None:
    """Raises StoreError if the file at `path` has a schema above `newest`."""
    if version > newest:
        raise StoreError(
            f"{path}: written by a newer modemd (schema {version}, this one knows {newest}); upgrade modemd"
        )
