"""A TCP port and a key for the API of a real daemon."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.system.processes import MODEMD


def make_key(config: Path, name: str, *scopes: str) -> str:
    """Makes a key with the command line, as fast as a key may be, for `scopes` or for all. Returns its secret."""
    wanted = [part for scope in scopes or ("all",) for part in ("--scope", scope)]
    command = [
        str(MODEMD),
        "keys",
        "create",
        name,
        *wanted,
        "--per-minute",
        "100000",
        "--json",
        "--config",
        str(config),
    ]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return str(json.loads(made)["key"])
