"""Hook program of alarms: runs a program that gets each alarm as a JSON document on its standard input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from modemd import programs


async def run_program(argv: Sequence[str], document: dict[str, Any], limit_s: float) -> str | None:
    """Runs a program with `document` on its standard input. Returns None if it ended with status 0 within `limit_s` seconds;
    else the reason."""
    return await programs.run(argv, limit_s, json.dumps(document, ensure_ascii=False).encode() + b"\n")
