"""Runs programs that the configuration names: without a shell, with a time limit, each in a process group of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

# Time that a program has between SIGTERM and SIGKILL.
TERMINATE_TIMEOUT_S = 2.0
# Characters of a program's last line that are repeated in the reason.
MAX_ERROR_LENGTH = 200


async def run(argv: Sequence[str], timeout_s: float, given: bytes = b"") -> str | None:
    """Runs a program with `given` on its standard input. Returns None if it ended with status 0 within `timeout_s` seconds;
    else the reason, with the last line that it wrote.

    The whole process group is ended with the program, so that processes it left behind do not accumulate.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            process_group=0,
        )
    except OSError as error:
        return f"it cannot be run: {error.strerror or error}"
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await process.communicate(given)
    except TimeoutError:
        return f"it did not end within {timeout_s:g} s"
    finally:
        await _terminate(process)
    if process.returncode == 0:
        return None
    last = output.decode("utf-8", "replace").strip().rpartition("\n")[2][-MAX_ERROR_LENGTH:]
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
