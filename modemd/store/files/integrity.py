"""Integrity: checks a database before anything is written to it, and copies a damaged one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from modemd.errors import StoreDamaged
from modemd.store.connection import visitor_uri
from modemd.store.files.new_files import give_as
from modemd.store.sqlite_errors import DAMAGED, REMEDY, classify_error


def check_database(path: Path) -> None:
    """Raises StoreDamaged, after a copy was made, if the database at `path` is damaged."""
    if (said := find_damage(path)) is not None:
        raise _make_damaged_error(path, said)


def find_damage(path: Path) -> str | None:
    """Returns what is damaged in the database at `path`; None if nothing is.

    A database that was closed in order is trusted. If its process ended otherwise (its -wal is still there), it is checked page
    by page. The check is read-only, so that not even a checkpoint writes into a file that may be damaged."""
    wal = _sibling_path(path, "-wal")
    left = wal.exists() and wal.stat().st_size > 0
    if path.stat().st_size == 0:
        if left:  # SQLite would take it for new, and delete the log with all that was answered
            return "the file is empty, and its log is not"
        return None
    try:
        with open_for_check(path) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0] if left else "ok"
    except sqlite3.Error as error:
        if isinstance(classify_error(error), StoreDamaged):
            return str(error)
        raise
    return None if said == "ok" else " ".join(said.split())


@contextlib.contextmanager
def open_for_check(path: Path) -> Iterator[sqlite3.Connection]:
    """Opens a connection that only reads, and makes no file."""
    with contextlib.closing(sqlite3.connect(visitor_uri(path), uri=True)) as connection:
        yield connection


def _make_damaged_error(path: Path, said: str) -> StoreDamaged:
    """Makes a copy, and returns the error that says what to do."""
    try:
        copy = f"a copy is kept as {copy_damaged(path)}"
    except OSError as error:
        copy = f"no copy could be kept ({error.strerror})"
    return StoreDamaged(f"{path}: {DAMAGED} ({said}); {copy}. {REMEDY}")


def copy_damaged(path: Path) -> Path:
    """Copies the database and its log beside themselves, and returns the path of the copy. Its name is made of their content, so
    the same damage is copied once."""
    files = [(path, ""), (_sibling_path(path, "-wal"), "-wal")]
    digest = hashlib.sha256()
    for file, _ in files:
        if file.exists():
            with file.open("rb") as opened:
                for block in iter(lambda: opened.read(1 << 20), b""):
                    digest.update(block)
    name = path.with_name(f"{path.name}.damaged-{digest.hexdigest()[:8]}")
    if name.exists():
        return name
    for file, suffix in reversed(files):  # the database last: where its copy is, all of it is
        if file.exists() and (file.stat().st_size > 0 or not suffix):
            _copy(file, _sibling_path(name, suffix))
    return name


def _copy(file: Path, to: Path) -> None:
    part = _sibling_path(to, ".part")
    try:
        with (
            file.open("rb") as source,
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out,
        ):
            shutil.copyfileobj(source, out)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        part.unlink(missing_ok=True)
        raise
    give_as(part, file)
    part.rename(to)


def _sibling_path(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
