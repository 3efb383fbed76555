"""File with the keys of the consent ledger: made by the writer of a database, copied by a backup, brought back by a restore."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from modemd.store.files.new_files import fsync_path, give_as, open_new
from modemd.store.keyed_hashes.keys import KEY_OCTETS, LedgerKeys, format_keys, key_file, read_keys


def ensure_key(database: Path) -> LedgerKeys:
    """Returns the keys beside a database, after one was made if there is no file. A file that cannot be read or understood is
    left as it is; then there is no key, and `problem` of what is returned says why, as it does if none can be made."""
    path = key_file(database)
    if not os.path.lexists(path):
        try:
            _write_new(path, (secrets.token_bytes(KEY_OCTETS),), database)
        except FileExistsError:
            pass  # another process made it meanwhile
        except OSError as error:
            return LedgerKeys((), f"{path}: {error.strerror or error}")
    return read_keys(database)


def copy_keys(database: Path, copy: Path) -> None:
    """Writes the keys beside a database to the file of its copy. Does nothing if there are none. OSError if the disk does not
    take it, or the copy has a file of keys already."""
    keys = read_keys(database).keys
    if keys:
        _write_new(key_file(copy), keys, copy)


def merge_keys(backup: Path, database: Path) -> LedgerKeys:
    """Adds the keys of a backup to those beside the database that it replaces, and returns all of them: rows of both are
    checked. The key in use stays; if there was none, it is that of the backup. Replaces the file in one step."""
    own, added = read_keys(database), read_keys(backup)
    keys = tuple(dict.fromkeys((*added.keys, *own.keys)))
    if own.keys:  # the one in use is the last
        keys = (*(key for key in keys if key != own.keys[-1]), own.keys[-1])
    if not keys:
        keys = (secrets.token_bytes(KEY_OCTETS),)
    path = key_file(database)
    if keys != own.keys:
        if own.problem is not None and path.exists():  # it is no file of keys: a person may want to look at it
            os.replace(path, path.with_name(f"{path.name}.unreadable"))
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        _write_new(part, keys, database)
        os.replace(part, path)
        fsync_path(path.parent)
    return LedgerKeys(keys)


def _write_new(path: Path, keys: tuple[bytes, ...], like: Path) -> None:
    """Writes a new file with mode 0600, durably, under its name only when it is whole."""
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    try:
        opened = open_new(part, os.O_WRONLY)
        with os.fdopen(opened, "wb") as file:
            file.write(format_keys(keys))
            file.flush()
            os.fsync(file.fileno())
        if like.exists():
            give_as(part, like)
        os.link(part, path)  # unlike a renaming, it never replaces a file that has come meanwhile
        fsync_path(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
