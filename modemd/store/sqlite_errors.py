"""Errors of SQLite: tells those of the whole database from those of one change, and says what a person can do."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from modemd.accounts import explain_denial
from modemd.errors import ErrorCode, StoreDamaged, StoreError, StoreUnavailable

# With less room than this, in octets, an I/O error at the opening is taken for a full disk: SQLite says SQLITE_IOERR_SHMSIZE and
# not SQLITE_FULL if it is the index of the write-ahead log (32 KiB) that does not fit.
LOW_DISK_OCTETS = 1024 * 1024

ADVICE = {
    ErrorCode.LOCKED: "another program holds the database, such as a backup or a browser of SQLite: end it; fuser -v on the "
    "database names it",
    ErrorCode.DISK_FULL: "the disk is full: make room; nothing is accepted or sent until then",
    ErrorCode.READ_ONLY: "the database is read-only: check the mount (a failing disk or SD card turns read-only) and who owns "
    "the database, its -wal and its -shm",
    ErrorCode.DISK_ERROR: "the disk does not take it or does not give it back: check that it is there, has room and is healthy "
    "(dmesg tells), and who may write there",
}
ASK_DAEMON = "a daemon that runs answers for its database"
DAMAGED = "the database is damaged"
REMEDY = 'Restore a backup, or see "A damaged database" in modemd help operating'
# Primary result codes (https://www.sqlite.org/rescode.html); an extended code has more in its upper bits.
_CODES = {
    # Only the writer of modemd holds the database for long, and a reader never waits: whoever keeps it busy is no modemd.
    sqlite3.SQLITE_BUSY: ErrorCode.LOCKED,
    sqlite3.SQLITE_PROTOCOL: ErrorCode.LOCKED,  # the same, of the log's index, after ten seconds
    sqlite3.SQLITE_FULL: ErrorCode.DISK_FULL,
    sqlite3.SQLITE_READONLY: ErrorCode.READ_ONLY,
    sqlite3.SQLITE_IOERR: ErrorCode.DISK_ERROR,
    sqlite3.SQLITE_CANTOPEN: ErrorCode.DISK_ERROR,
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ERRNOS = {errno.ENOSPC: ErrorCode.DISK_FULL, errno.EDQUOT: ErrorCode.DISK_FULL, errno.EROFS: ErrorCode.READ_ONLY}


def classify_error(error: BaseException) -> StoreUnavailable | StoreDamaged | None:
    """Returns what an error means for every change that follows; None if it is about one change alone."""
    code = _primary_code(error)
    if code in _DAMAGE:
        return StoreDamaged(f"{DAMAGED} ({error}). {REMEDY}")
    kind = _CODES.get(code)
    return make_unavailable_error(kind, _describe_error(error)) if kind is not None else None


def make_unavailable_error(code: ErrorCode, said: object, path: Path | None = None) -> StoreUnavailable:
    """Returns the error of a kind (a key of `ADVICE`), with SQLite's words and with advice."""
    where = f"{path}: " if path is not None else ""
    return StoreUnavailable(code, f"{where}{ADVICE[code]} ({said})")


def explain_visit_error(error: sqlite3.Error, path: Path) -> StoreUnavailable | None:
    """Returns the error to raise because the database at `path` was changed while it was read without a lock; None if that does
    not explain `error`."""
    if _primary_code(error) not in _DAMAGE:
        return None
    return StoreUnavailable(
        ErrorCode.UNAVAILABLE, f"{path}: the database changed while it was read; run the command again"
    )


def explain_open_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Returns the error to raise because the database at `path` could not be opened to write."""
    code = _primary_code(error)
    kind = _CODES.get(code)
    if kind is ErrorCode.DISK_ERROR and code == sqlite3.SQLITE_IOERR and _count_free_octets(path) < LOW_DISK_OCTETS:
        kind = ErrorCode.DISK_FULL
    if kind is not None:
        return make_unavailable_error(kind, _describe_error(error), path)
    if code in _DAMAGE:
        return StoreError(f"{path}: {DAMAGED} ({error}). {REMEDY}")
    return StoreError(f"{path}: {error}; restore a backup, or move the file away to start anew")


def explain_read_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Returns the error to raise because the database at `path` could not be opened to read."""
    if _primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return StoreError(
            f"{path}: its log cannot be read without the right to write beside it ({_describe_error(error)}); {ASK_DAEMON}; "
            f"{explain_denial(path)}"
        )
    return explain_open_error(error, path)


def explain_os_error(error: OSError, path: Path) -> StoreError:
    """Returns the error to raise for one that the operating system raised at the files of the database."""
    kind = _ERRNOS.get(error.errno or 0)
    if kind is not None:
        return make_unavailable_error(kind, error.strerror, path)
    if isinstance(error, PermissionError):
        return StoreError(f"{path}: {explain_denial(path)}; {ASK_DAEMON}")
    return StoreError(f"{path}: {error.strerror}; check the path and who may write there")


def _primary_code(error: BaseException) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)  # 0: raised by the sqlite3 module itself
    return code & 0xFF


def _describe_error(error: BaseException) -> str:
    return f"{error}, {getattr(error, 'sqlite_errorname', type(error).__name__)}"


def _count_free_octets(path: Path) -> int:
    found = os.statvfs(path.parent)
    return found.f_bavail * found.f_frsize
