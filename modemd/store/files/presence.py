"""Presence of a database: whether there is one at a path, and the only place that makes one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from modemd.errors import NoDatabase, StoreError
from modemd.store.files.new_files import fsync_path, open_new
from modemd.store.sqlite_errors import explain_os_error

REMEDY = "start the daemon once (modemd run), which makes it, or correct `database` in the configuration"


def make(path: Path) -> bool:
    """Makes an empty database at `path`, with mode 0600, and returns True; False if there is a file already. Raises NoDatabase if
    its folder is not there: a path with a mistake in it must not become a second database."""
    try:
        if not path.parent.is_dir():
            raise NoDatabase(
                f"{path}: the folder {path.parent} is not there; make it, or correct `database` in the configuration"
            )
        made = open_new(path, os.O_RDWR)
        os.close(made)
        fsync_path(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise explain_os_error(error, path) from error
    return True


def require_database(path: Path) -> None:
    """Raises NoDatabase if there is no database at `path`, or an empty file; StoreError if it is no file, or may not be seen."""
    try:
        found = path.stat()
        wal = path.with_name(f"{path.name}-wal")
        is_empty = found.st_size == 0 and not (wal.exists() and wal.stat().st_size)
    except (FileNotFoundError, NotADirectoryError):
        raise NoDatabase(f"{path}: there is no database; {REMEDY}") from None
    except OSError as error:
        raise explain_os_error(error, path) from error
    refuse_other_kinds(path)
    if is_empty:
        raise NoDatabase(f"{path}: the file is empty and no database yet; {REMEDY}")


def refuse_other_kinds(path: Path) -> None:
    """Raises StoreError for what is no file: SQLite would wait for the other end of a pipe. OSError if nothing is there."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a file"
        raise StoreError(f"{path}: is {kind}; correct `database` in the configuration")
