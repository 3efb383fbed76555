"""New files beside the database: what root makes belongs to the user who runs the daemon, and what is made is durable."""

from __future__ import annotations

import os
from pathlib import Path


def open_new(path: Path, flags: int) -> int:
    """Makes a file with mode 0600 that was not there, and opens it. If root makes it, it gets the owner and the group of its
    folder, as SQLite does for log and index: else a daemon that runs as another user could not use it. FileExistsError if it is
    there."""
    opened = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(opened, folder.st_uid, folder.st_gid)
    return opened


def give_as(path: Path, like: Path) -> None:
    """Gives the file at `path` the owner and the group of the file at `like`. Only root can, and does."""
    if os.geteuid() == 0:
        found = like.stat()
        os.chown(path, found.st_uid, found.st_gid)


def fsync_path(path: Path) -> None:
    """Makes a file, or the entries of a folder, durable."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
