"""Check of the programs that the configuration names: `alarms.command` and `power_hook`. It asks the disk, so it is no part of
loading: a program may be put there after the start."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from modemd.config.settings import Settings


def find_unusable_programs(settings: Settings) -> list[str]:
    """Returns a line for each named program that is not there or cannot be run by anybody, with its key: `alarms.command:
    /usr/local/bin/tell-us: No such file or directory`."""
    return [
        f"{key}: {program}: {fault}" for key, program in _programs(settings) if (fault := _find_fault(Path(program)))
    ]


def _programs(settings: Settings) -> Iterator[tuple[str, str]]:
    named = [("alarms.command", settings.alarms.command), ("recovery.power_hook", settings.recovery.power_hook)]
    named += [(f"modems[{index}].power_hook", modem.power_hook) for index, modem in enumerate(settings.modems)]
    return ((key, words[0]) for key, words in named if words)


def _find_fault(program: Path) -> str | None:
    """Returns why a program cannot be run; None if it can, or if this user may not look."""
    try:
        found = program.stat()
    except PermissionError:
        return None
    except OSError as error:
        return os.strerror(error.errno or 0)
    if not stat.S_ISREG(found.st_mode):
        return "it is no file"
    return None if found.st_mode & 0o111 else "it is not executable; run chmod +x on it"
