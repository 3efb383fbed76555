"""Opens the database file: lock, modes, schema, and a restore that was prepared."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from modemd.errors import LockHolder, NoDatabase, StoreError, StoreLocked
from modemd.store.connection import connect
from modemd.store.files import backup, integrity
from modemd.store.files import restore as files_restore
from modemd.store.files.new_files import open_new
from modemd.store.files.presence import REMEDY, make, refuse_other_kinds
from modemd.store.schema import STEPS, VERSION, Step, migrate, read_version, refuse_newer
from modemd.store.sqlite_errors import explain_open_error, explain_os_error


def restore(source: Path, path: Path, now: datetime) -> files_restore.RestoreResult:
    """Puts a backup in the place of the database at `path`, with everything open in it held. Raises StoreLocked if a daemon uses
    the database; StoreError if the backup cannot be used, and then nothing was changed."""
    is_new = make(path)
    held = lock(path)
    try:
        restored = files_restore.restore(source, path, now)
        is_new = False
    except sqlite3.Error as error:
        raise explain_open_error(error, path) from error
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        if is_new:  # nothing was restored: an empty file must not stay
            path.unlink()
        os.close(held)
    return restored


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


def check_readable(path: Path, uri: str) -> None:
    """Checks that the database at `path` can be read by a connection of `uri`, and has the schema of this program. Raises
    StoreError if not; sqlite3.Error and OSError if it cannot be opened."""
    os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))  # SQLite tells no reason
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        found = read_version(connection, path)
    refuse_newer(found, path)
    if found == 0:
        raise NoDatabase(f"{path}: the database is not made yet; {REMEDY}")
    if found < VERSION:
        raise StoreError(
            f"{path}: an older modemd wrote it (schema {found}, this one reads {VERSION}); start the daemon, which brings it "
            "up to date"
        )


def lock(path: Path, socket: Path | None = None) -> int:
    """Takes the lock file beside the database, which belongs to its one writer, and returns its descriptor. `socket`: where this
    process will listen, if it is a daemon. Raises StoreLocked. The lock file is made with mode 0600."""
    try:
        refuse_other_kinds(path)
        lock = _open_lock(lock_file(path))
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        raise explain_os_error(error, path) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        holder = _read_holder(path)
        who = f" (process {holder.pid})" if holder is not None else ""
        raise StoreLocked(f"{path}: another modemd process writes to it{who}", holder) from error
    with contextlib.suppress(OSError):  # a full disk: the others then learn only that somebody holds it
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n{os.fspath(socket) if socket is not None else ''}\n".encode())
    return lock


def is_locked(path: Path) -> bool:
    """Returns whether a process writes to the database at `path`. Trying its lock for a moment is harmless: a starting daemon
    waits for it. OSError if this user may not try."""
    try:
        opened = os.open(lock_file(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def find_writer(path: Path) -> LockHolder | None:
    """Returns the process that writes to the database at `path` now; None if there is none, or this user may not see it."""
    with contextlib.suppress(OSError):
        return _read_holder(path) if is_locked(path) else None
    return None


def _read_holder(path: Path) -> LockHolder | None:
    """Returns who wrote itself into the lock file of the database at `path` last; None if that cannot be read."""
    try:
        pid, socket, *_ = lock_file(path).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return LockHolder(int(pid), Path(socket) if socket else None)
    except (OSError, ValueError):
        return None


def lock_file(path: Path) -> Path:
    """Returns the lock of a database: that of the file itself, whatever link leads to it."""
    path = path.resolve()
    return path.with_name(f"{path.name}.lock")


def _open_lock(path: Path) -> int:
    try:
        return open_new(path, os.O_RDWR)
    except FileExistsError:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
