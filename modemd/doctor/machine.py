"""Checks of the machine: database, disk and clock. Writes and creates nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from modemd.accounts import user_name
from modemd.config import Settings
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.doctor.processes import processes_holding
from modemd.doctor.rights import DAEMON_USER, User, has_user
from modemd.errors import StoreError
from modemd.light_dataclass import dataclass
from modemd.rules import clock_trust
from modemd.store.files import integrity, opening
from modemd.store.files.presence import refuse_other_kinds
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
    if running:
        return _check_in_use(path)
    denied = next((each for each in (path, _nearest_folder(path)) if _is_denied(each, who)), None)
    if denied is not None:
        return _no_permission(denied, who)
    try:
        if path.exists():
            refuse_other_kinds(path)
        if opening.is_locked(path):
            holders = "".join(f": {process}" for process in processes_holding(str(opening.lock_file(path)), proc))
            return Finding.of(Code.DATABASE_LOCKED, path=path, socket=settings.socket, holders=holders)
        if not path.parent.exists():
            problem = "its folder is not there, and modemd makes none; make it, or correct the path"
            return Finding.of(Code.DATABASE_UNUSABLE, path=path, problem=problem)
        if not path.exists() or path.stat().st_size == 0:
            return Finding.of(Code.DATABASE_FINE, path=path, new="; the first start creates it")
        return _check_integrity(path, thorough=True)
    except PermissionError as error:
        return _no_permission(Path(os.fsdecode(error.filename or path)), who)
    except StoreError as error:
        return Finding.of(Code.DATABASE_UNUSABLE, path=path, problem=str(error).removeprefix(f"{path}: "))
    except (OSError, sqlite3.Error) as error:
        return Finding.of(Code.DATABASE_UNUSABLE, path=path, problem=error)


def read_pauses(path: Path) -> list[PauseRow]:
    """Returns the pauses in the database; none if it cannot be read, which `check_database` reports."""
    try:
        refuse_other_kinds(path)
        with integrity.open_for_check(path) as connection:
            connection.row_factory = sqlite3.Row
            return pauses.list_pauses(connection)
    except (OSError, sqlite3.Error, StoreError):
        return []


def _check_in_use(path: Path) -> Finding:
    """Checks the database of a daemon that runs. It uses the database and reports its damage itself; whether this user may read
    the file does not matter."""
    try:
        return _check_integrity(path, thorough=False)
    except (OSError, sqlite3.Error):
        return Finding.of(Code.DATABASE_FINE, path=path, new=": the daemon uses it")


def _no_permission(path: Path, who: User) -> Finding:
    """Returns the finding for a file or folder that `who` may not write, with the remedy for that user."""
    seen = next(each for each in (path, *path.absolute().parents) if _can_see(each))
    return Finding.of(
        Code.DATABASE_NO_PERMISSION,
        who=who.name,
        path=path,
        owner=user_name(seen.stat().st_uid),
        user=DAEMON_USER if has_user(DAEMON_USER) else who.name,
        files=f"{path}*" if seen.is_file() else path,
    )


def _can_see(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


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
        if not path.is_file():
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


def _nearest_folder(path: Path) -> Path:
    """Returns the nearest existing folder above the file."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def _format_size(octets: int) -> str:
    return f"{octets / 1024**3:.1f} GiB" if octets >= 1024**3 else f"{octets // MIB} MiB"
