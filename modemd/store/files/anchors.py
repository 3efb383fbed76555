"""File of anchors: heads of the consent ledger, one a day, outside the database. A line has time, rows, chain value and key."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

from modemd.store.consent.verification import Anchor, AnchorFile
from modemd.store.files.new_files import fsync_path, open_new
from modemd.store.timestamps import from_text, to_text

# The chain value of a ledger without rows, as the file has it.
_NO_ROWS = "-"


def anchor_file(database: Path) -> Path:
    """Returns the path of the anchors of a database, if the configuration names no other."""
    database = database.resolve()
    return database.with_name(f"{database.name}.ledger")


def append_anchor(path: Path, anchor: Anchor) -> None:
    """Adds a line, durably. Half a line, as a power cut leaves it, is cut off first. Raises OSError."""
    line = f"{to_text(anchor.at)} {anchor.rows} {anchor.head or _NO_ROWS} {anchor.key_id or _NO_ROWS}\n"
    try:
        opened, is_new = open_new(path, os.O_RDWR), True
    except FileExistsError:
        opened, is_new = os.open(path, os.O_RDWR | os.O_CLOEXEC), False
    with os.fdopen(opened, "r+b") as file:
        content = file.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            file.truncate(end)
        file.seek(end)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        fsync_path(path.parent)


def read_anchors(path: Path) -> AnchorFile:
    """Returns the anchors in a file. A last line without its end is what a power cut leaves, and does not count."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return AnchorFile(is_there=False)
    except OSError as error:
        return AnchorFile(damage=f"{path}: {error.strerror or error}")
    anchors, damage = [], None
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].decode("latin-1").splitlines(), start=1):
        found = None
        with contextlib.suppress(ValueError):
            found = _parse(line)
        if found is not None:
            anchors.append(found)
        else:
            damage = damage or f"{path}: line {number} is no anchor"
    return AnchorFile(tuple(anchors), damage)


def _parse(line: str) -> Anchor:
    """Returns the anchor in a line. ValueError if it is none."""
    at, rows, head, key_id = line.split(" ")
    moment: datetime = from_text(at)
    if moment.tzinfo is None or (head != _NO_ROWS and len(bytes.fromhex(head)) != 32):
        raise ValueError(line)
    return Anchor(moment, int(rows), "" if head == _NO_ROWS else head, "" if key_id == _NO_ROWS else key_id)
