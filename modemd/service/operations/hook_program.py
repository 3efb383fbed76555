"""Hook program of alarms: it is told each alarm as a JSON document on its standard input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from modemd import programs


async def run_program(words: Sequence[str], document: dict[str, Any], limit_s: float) -> str | None:
    """Runs a program with `document` on its standard input. Returns None if it ended with 0 within `limit_s` seconds; else why
    not."""
    return await programs.run(words, limit_s, json.dumps(document, ensure_ascii=False).encode() + b"\n")
