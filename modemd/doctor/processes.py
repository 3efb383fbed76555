"""Processes from /proc (proc(5)): which of them have a file open, and which have a name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from modemd.light_dataclass import dataclass

MODEM_MANAGER = "ModemManager"
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """Process id and name; the kernel cuts the name to 15 characters."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def processes_holding(path: str, proc: Path = PROC) -> list[Process]:
    """Returns the other processes that have `path` open, under any of its names. Only root sees those of other users."""
    try:
        wanted = os.stat(path)
    except OSError:
        return []
    return [process for process in _processes(proc) if process.pid != os.getpid() and _has_open(proc, process, wanted)]


def processes_named(name: str, proc: Path = PROC) -> list[Process]:
    """Returns the processes with that name, of all users."""
    return [process for process in _processes(proc) if process.name == name]


def _processes(proc: Path) -> Iterator[Process]:
    for folder in sorted(proc.iterdir()):
        if folder.name.isdecimal():
            try:
                yield Process(int(folder.name), (folder / "comm").read_text(errors="replace").strip())
            except OSError:  # it has ended meanwhile
                continue


def _has_open(proc: Path, process: Process, wanted: os.stat_result) -> bool:
    try:
        files = list((proc / str(process.pid) / "fd").iterdir())
    except OSError:  # it has ended, or is another user's
        return False
    for file in files:
        try:
            found = file.stat()
        except OSError:
            continue
        if wanted.st_rdev:  # a device may have several nodes: compare its number, not the file
            if found.st_rdev == wanted.st_rdev and stat.S_IFMT(found.st_mode) == stat.S_IFMT(wanted.st_mode):
                return True
        elif (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False
