"""A configured program that is told something: its words as they are, no shell, JSON on its standard input, a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Sequence
from typing import Any

# How long a program that was told to end may take before it is killed.
TERMINATE_TIMEOUT_S = 2.0
LONGEST_ERROR = 200


async def run_program(words: Sequence[str], document: dict[str, Any], limit_s: float) -> str | None:
    """Run a program with `document` on its standard input. None: it ended with 0 within `limit_s` seconds; else why not.

    It runs in a process group of its own, which is ended with it: what it left behind does not gather.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            process_group=0,
        )
    except OSError as error:
        return f"{words[0]}: {error.strerror or error}"
    given = json.dumps(document, ensure_ascii=False).encode() + b"\n"
    try:
        async with asyncio.timeout(limit_s):
            _, said = await process.communicate(given)
    except TimeoutError:
        return f"it did not end within {limit_s:g} s"
    finally:
        await _terminate(process)
    if process.returncode == 0:
        return None
    last = said.decode("utf-8", "replace").strip().rpartition("\n")[2][:LONGEST_ERROR]
    return f"it ended with status {process.returncode}{f': {last}' if last else ''}"


async def _terminate(process: asyncio.subprocess.Process) -> None:
    _signal_group(process, signal.SIGTERM)
    if process.returncode is None:
        try:
            async with asyncio.timeout(TERMINATE_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            _signal_group(process, signal.SIGKILL)
            await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
