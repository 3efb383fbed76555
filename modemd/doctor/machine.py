"""Checks of the machine: database, disk and clock. Writes and creates nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from modemd.config import Settings
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.doctor.processes import processes_holding
from modemd.doctor.rights import User, user_name
from modemd.errors import StoreError
from modemd.rules import clock_trust
from modemd.store.files import integrity
from modemd.store.queue import pauses
from modemd.store.rows import PauseRow
from modemd.store.schema import VERSION, read_version
from modemd.store.sqlite_errors import LOW_DISK_OCTETS
from modemd.store.timestamps import find_latest_stored

MIB = 1024 * 1024
LOW_DISK_SPACE = 100 * MIB


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Free space of a disk for an ordinary user, in octets and files, and whether it is read-only."""

    free: int
    files: int = 1
    read_only: bool = False


DiskSpaceOf = Callable[[Path], DiskSpace]


def disk_space_of(folder: Path) -> DiskSpace:
    """Returns the free space of the disk that holds `folder`."""
    found = os.statvfs(folder)
    # Some file systems (btrfs, vfat) count no files.
    files = found.f_favail if found.f_files else 1
    return DiskSpace(found.f_bavail * found.f_frsize, files, bool(found.f_flag & os.ST_RDONLY))


def check_disk(path: Path, space_of: DiskSpaceOf) -> Finding:
    """Checks the disk on which the database is, or will be."""
    found = space_of(_nearest_folder(path))
    if found.read_only:
        return Finding.of(Code.DISK_READ_ONLY, path=path)
    if found.free < LOW_DISK_OCTETS or not found.files:
        return Finding.of(Code.DISK_FULL, path=path)
    code = Code.DISK_LOW if found.free < LOW_DISK_SPACE else Code.DISK_FINE
    return Finding.of(code, path=path, free=_format_size(found.free))


def check_database(settings: Settings, who: User, *, running: bool, proc: Path) -> Finding:
    """Checks that `who` can use the database. If a daemon runs, it uses the database and reports its damage itself."""
    path = settings.database
    denied = next((each for each in (path, _nearest_folder(path)) if _is_denied(each, who)), None)
    if denied is not None:
        owner = user_name(denied.stat().st_uid)
        return Finding.of(
            Code.DATABASE_NO_PERMISSION, who=who.name, path=denied, owner=owner, folder=_nearest_folder(path)
        )
    try:
        if not running and _is_locked(lock := path.with_name(f"{path.name}.lock")):
            holders = "".join(f": {process}" for process in processes_holding(str(lock), proc))
            return Finding.of(Code.DATABASE_LOCKED, path=path, socket=settings.socket, holders=holders)
        if not path.exists() or path.stat().st_size == 0:
            return Finding.of(Code.DATABASE_FINE, path=path, new="; the first start creates it")
        return _check_integrity(path, thorough=not running)
    except PermissionError as error:
        return Finding.of(
            Code.DATABASE_NO_PERMISSION,
            who=who.name,
            path=error.filename or path,
            owner="another user",
            folder=path.parent,
        )
    except (OSError, sqlite3.Error) as error:
        return Finding.of(Code.DATABASE_UNUSABLE, path=path, problem=error)


def read_pauses(path: Path) -> list[PauseRow]:
    """Returns the pauses in the database; none if it cannot be read, which `check_database` reports."""
    try:
        if not path.exists():
            return []
        with integrity.open_for_check(path) as connection:
            connection.row_factory = sqlite3.Row
            return pauses.list_pauses(connection)
    except (OSError, sqlite3.Error):
        return []


def check_clock(
    settings: Settings | None, now: datetime, network: datetime | None = None, distrust: str | None = None
) -> Finding:
    """Compares the clock with the latest stored time, and with the network's time if a modem reported it. `distrust`: why a
    daemon does not trust it."""
    latest = _latest_stored_time(settings.database) if settings is not None else None
    shown = now.isoformat(timespec="seconds")
    if (because := distrust or clock_trust.find_distrust_reason(now, latest, network)) is not None:
        return Finding.of(Code.CLOCK_WRONG, now=shown, because=because)
    return Finding.of(Code.CLOCK_FINE, now=shown)


def _check_integrity(path: Path, *, thorough: bool) -> Finding:
    if thorough and (damage := integrity.find_damage(path)) is not None:
        return Finding.of(Code.DATABASE_DAMAGED, path=path, problem=damage)
    with integrity.open_for_check(path) as connection:
        try:
            found = read_version(connection, path)
        except StoreError as error:
            return Finding.of(Code.DATABASE_UNUSABLE, path=path, problem=str(error).removeprefix(f"{path}: "))
    if found > VERSION:
        return Finding.of(Code.DATABASE_NEWER, path=path, found=found, known=VERSION)
    return Finding.of(Code.DATABASE_FINE, path=path, new="")


def _latest_stored_time(path: Path) -> datetime | None:
    """Returns the latest time in the database; None if it cannot be read, which `check_database` reports."""
    try:
        if not path.exists():
            return None
        with integrity.open_for_check(path) as connection:
            return find_latest_stored(connection)
    except (OSError, sqlite3.Error):
        return None


def _is_denied(path: Path, who: User) -> bool:
    """Returns whether the path exists and `who` may not write there."""
    try:
        return not who.may_write(path)
    except OSError:
        return False


def _is_locked(lock: Path) -> bool:
    """Returns whether a process holds the writer's lock. Trying it for a moment is harmless: a starting daemon waits for it."""
    try:
        opened = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return True
        raise
    finally:
        os.close(opened)
    return False


def _nearest_folder(path: Path) -> Path:
    """Returns the nearest existing folder above the file."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def _format_size(octets: int) -> str:
    return f"{octets / 1024**3:.1f} GiB" if octets >= 1024**3 else f"{octets // MIB} MiB"
