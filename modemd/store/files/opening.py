"""Opens the database file: lock, modes, schema, and a restore that was prepared."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from modemd.errors import StoreLocked
from modemd.store.connection import connect
from modemd.store.files import backup, integrity
from modemd.store.files import restore as files_restore
from modemd.store.schema import STEPS, Step, migrate, read_version, refuse_newer
from modemd.store.sqlite_errors import explain_open_error, explain_os_error


def restore(source: Path, path: Path, now: datetime) -> files_restore.RestoreResult:
    """Puts a backup in the place of the database at `path`, with everything open in it held. Raises StoreLocked if a daemon uses
    the database; StoreError if the backup cannot be used, and then nothing was changed."""
    held = lock(path)
    try:
        return files_restore.restore(source, path, now)
    except sqlite3.Error as error:
        raise explain_open_error(error, path) from error
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        os.close(held)


def prepare(path: Path, steps: Sequence[Step] = STEPS) -> None:
    """Checks the database at `path` for damage, and brings its schema up to date, after a copy. Raises StoreDamaged;
    StoreError if its schema is newer than this program, or unknown."""
    integrity.check_database(path)
    with integrity.open_for_check(
        path
    ) as unchanged:  # a connection that writes would make a log of a file that is refused
        found = read_version(unchanged, path)
        refuse_newer(found, path, newest=len(steps))
    if os.stat(path).st_mode & 0o077:
        os.chmod(path, 0o600)  # SQLite gives its -wal and -shm the same rights
    connection = connect(path)
    try:
        if found < len(steps):
            if found:
                backup.back_up_before_migration(path, found)
            migrate(connection, steps)
    finally:
        connection.close()


def lock(path: Path) -> int:
    """Takes the lock file beside the database, which belongs to its one writer, and returns its descriptor. Raises StoreLocked.
    Files are made with mode 0600, their directory with 0700."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(path.parent.parent)  # the folder itself must be there after a power cut; SQLite syncs what is in it
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        database = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(database)
    except OSError as error:
        raise explain_os_error(error, path) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreLocked(f"{path}: another modemd process writes to it") from error
    return lock


def _sync(folder: Path) -> None:
    """Makes the entries of a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
