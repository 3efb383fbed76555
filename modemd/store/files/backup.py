"""Backups: copies a database whole, checks the copy, and makes it durable before it gets its name."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from modemd.errors import StoreDamaged, StoreError
from modemd.store.files.keys import copy_keys
from modemd.store.files.new_files import fsync_path, give_as
from modemd.store.files.presence import refuse_other_kinds, require_database
from modemd.store.keyed_hashes.keys import key_file
from modemd.store.schema import read_version
from modemd.store.sqlite_errors import DAMAGED, classify_error, explain_os_error, explain_read_error

# Pages that a step copies: 256 KiB. Between steps the daemon has the disk for a moment.
_STEP_PAGES = 256
_STEP_PAUSE_S = 0.005


def back_up(database: Path, target: Path) -> int:
    """Copies `database`, as it is at this moment, to the new file `target`, also while a daemon writes, and the keys of its
    consent ledger to `target` with `.key` behind it. Returns its schema version.

    The copy is one file without a log, checked page by page and synced before it gets its name; its keys are there before it.
    Raises StoreError if there is no database, one of the two files is there already, or the disk does not take them.
    """
    require_database(database)
    for file in (target, key_file(target)):
        if os.path.lexists(file):
            raise StoreError(f"{file}: is there already; a backup never replaces a file")
    try:
        copy_keys(database, target)
    except OSError as error:
        raise explain_os_error(error, key_file(target)) from error
    try:
        return _copy_database(database, target)
    except StoreError:
        with contextlib.suppress(OSError):
            key_file(target).unlink(missing_ok=True)
        raise


def back_up_before_migration(database: Path, schema: int) -> Path:
    """Copies a database beside itself before its schema is brought up to date, and returns the path of the copy. A migration that
    is repeated after a crash does not replace the first copy."""
    target = database.with_name(f"{database.name}.schema-{schema}")
    if not target.exists():
        _copy_database(database, target)
        give_as(target, database)
    return target


def check_backup(path: Path) -> int:
    """Returns the schema version of a backup that is whole. Raises StoreError if it is not one of modemd's, StoreDamaged if it
    cannot be read."""
    try:
        refuse_other_kinds(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        with contextlib.closing(_read_only(path)) as connection:
            schema = read_version(connection, path)
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        if isinstance(classify_error(error), StoreDamaged):
            raise StoreDamaged(f"{path}: {DAMAGED} ({error})") from error
        raise StoreError(f"{path}: {error}") from error
    if said != "ok":
        raise StoreDamaged(f"{path}: {DAMAGED} ({' '.join(str(said).split())})")
    if not schema or not {"message", "part", "contact", "consent_event"} <= tables:
        raise StoreError(f"{path}: is no database of modemd")
    return schema


def _copy_database(database: Path, target: Path) -> int:
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy_pages(database, part)
        schema = check_backup(part)
        fsync_path(part)
        os.link(part, target)  # unlike a renaming, it never replaces a file that has come meanwhile
        part.unlink()
        fsync_path(target.parent)
    except FileExistsError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"{target}: is there already; a backup never replaces a file") from error
    except OSError as error:
        _delete_partial(part)
        raise explain_os_error(error, target) from error
    except sqlite3.Error as error:
        _delete_partial(part)
        raise explain_read_error(error, database) from error
    except StoreError:
        _delete_partial(part)
        raise
    return schema


def _copy_pages(database: Path, part: Path) -> None:
    """Copies the pages by SQLite's backup, in steps. The reading transaction stays open, so that no change makes it begin
    anew."""
    with contextlib.closing(_read_only(database)) as source, contextlib.closing(sqlite3.connect(part)) as copy:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_STEP_PAGES, sleep=_STEP_PAUSE_S)
        copy.execute("PRAGMA journal_mode = DELETE")  # the header says WAL: a copy that is read only must need no log


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _delete_partial(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
