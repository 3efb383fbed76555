"""The machine round the modems: database, disk, clock. Nothing is written, and nothing is made."""

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
from modemd.store.schema import VERSION, read_version
from modemd.store.sqlite_errors import LOW_DISK_OCTETS
from modemd.store.timestamps import find_latest_stored

MIB = 1024 * 1024
LOW_DISK_SPACE = 100 * MIB


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """What a disk has left for an ordinary user, in bytes and files, and whether it takes any."""

    free: int
    files: int = 1
    read_only: bool = False


DiskSpaceOf = Callable[[Path], DiskSpace]


def disk_space_of(folder: Path) -> DiskSpace:
    """Of the disk that holds `folder`."""
    found = os.statvfs(folder)
    # Some file systems (btrfs, vfat) count no files.
    files = found.f_favail if found.f_files else 1
    return DiskSpace(found.f_bavail * found.f_frsize, files, bool(found.f_flag & os.ST_RDONLY))


def check_disk(path: Path, room: DiskSpaceOf) -> Finding:
    """The disk on which the database is, or is to be."""
    found = room(_nearest_folder(path))
    if found.read_only:
        return Finding.of(Code.DISK_READ_ONLY, path=path)
    if found.free < LOW_DISK_OCTETS or not found.files:
        return Finding.of(Code.DISK_FULL, path=path)
    code = Code.DISK_LOW if found.free < LOW_DISK_SPACE else Code.DISK_FINE
    return Finding.of(code, path=path, free=_amount(found.free))


def check_database(settings: Settings, who: User, *, running: bool, proc: Path) -> Finding:
    """Whether it can be used by `who`. While a daemon runs it has the database, and says itself how that is."""
    path = settings.database
    denied = next((each for each in (path, _nearest_folder(path)) if _is_denied(each, who)), None)
    if denied is not None:
        owner = user_name(denied.stat().st_uid)
        return Finding.of(
            Code.DATABASE_NO_PERMISSION, who=who.name, path=denied, owner=owner, folder=_nearest_folder(path)
        )
    try:
        if not running and _is_locked(lock := path.with_name(f"{path.name}.lock")):
            who_else = "".join(f": {process}" for process in processes_holding(str(lock), proc))
            return Finding.of(Code.DATABASE_LOCKED, path=path, socket=settings.socket, holders=who_else)
        if not path.exists() or path.stat().st_size == 0:
            return Finding.of(Code.DATABASE_FINE, path=path, new=", and is made at the first start")
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
        return Finding.of(Code.DATABASE_UNUSABLE, path=path, said=error)


def check_clock(settings: Settings | None, now: datetime, network: datetime | None = None) -> Finding:
    """Against what is stored, and where a modem has told it, against the network's time."""
    mark = _latest_stored_time(settings.database) if settings is not None else None
    said = now.isoformat(timespec="seconds")
    if (because := clock_trust.find_distrust_reason(now, mark, network)) is not None:
        return Finding.of(Code.CLOCK_WRONG, now=said, because=because)
    return Finding.of(Code.CLOCK_FINE, now=said)


def _check_integrity(path: Path, *, thorough: bool) -> Finding:
    if thorough and (said := integrity.find_damage(path)) is not None:
        return Finding.of(Code.DATABASE_DAMAGED, path=path, said=said)
    with integrity.open_for_check(path) as connection:
        try:
            found = read_version(connection, path)
        except StoreError as error:
            return Finding.of(Code.DATABASE_UNUSABLE, path=path, said=str(error).removeprefix(f"{path}: "))
    if found > VERSION:
        return Finding.of(Code.DATABASE_NEWER, path=path, found=found, known=VERSION)
    return Finding.of(Code.DATABASE_FINE, path=path, new="")


def _latest_stored_time(path: Path) -> datetime | None:
    """The latest moment that the database knows of; None where it cannot be read, which is told elsewhere."""
    try:
        if not path.exists():
            return None
        with integrity.open_for_check(path) as connection:
            return find_latest_stored(connection)
    except (OSError, sqlite3.Error):
        return None


def _is_denied(path: Path, who: User) -> bool:
    """Whether it is there, and not for them to write."""
    try:
        return not who.may_write(path)
    except OSError:
        return False


def _is_locked(lock: Path) -> bool:
    """Whether a process is the one that writes. A lock that is looked at for a moment disturbs no start, which waits for it."""
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
    """The folder in which the file is, or would be made."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def _amount(octets: int) -> str:
    return f"{octets / 1024**3:.1f} GiB" if octets >= 1024**3 else f"{octets // MIB} MiB"
