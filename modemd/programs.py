"""Programs that the configuration names: run without a shell, with a time limit, in a process group of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO

# How long a program that was told to end may take before it is killed.
TERMINATE_TIMEOUT_S = 2.0
# How much of what a program says last is repeated.
LONGEST_ERROR = 200
_READS_AT_THE_END = 64


async def run(argv: Sequence[str], timeout_s: float, given: bytes = b"", written: BinaryIO | None = None) -> str | None:
    """Runs a program with `given` on its standard input. Returns None if it ended with 0 within `timeout_s` seconds; else why
    not, with the last line that it wrote. Its standard output goes to the file `written` if there is one.

    Its process group is ended with it: what it left behind does not gather. It is over when the program has ended, though a
    process that has left the group may still hold its output open; and of that output only the end is kept.
    """
    output = _Output()
    try:
        with output.collected(), tempfile.TemporaryFile() as standard_input:
            standard_input.write(given)
            standard_input.seek(0)
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=standard_input,
                stdout=written or output.end,
                stderr=output.end,
                process_group=0,
            )
            try:
                async with asyncio.timeout(timeout_s):
                    await process.wait()
            except TimeoutError:
                return f"it did not end within {timeout_s:g} s"
            finally:
                await _terminate(process)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a word
        return f"it cannot be run: {getattr(error, 'strerror', None) or error}"
    if process.returncode == 0:
        return None
    last = output.last_line()
    return f"it ended with status {process.returncode}{f': {last}' if last else ''}"


class _Output:
    """Output of a program. Reads all of it, so that the program is never held up, and keeps the end."""

    def __init__(self) -> None:
        self._kept = b""
        self.end = -1  # the descriptor that the program writes to

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Collects what is written to `end` while the context lasts."""
        reading, self.end = os.pipe()
        os.set_blocking(reading, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(reading, self._read, reading)
        try:
            yield
            for _ in range(_READS_AT_THE_END):  # what was written before the program ended, and no endless rest
                if not self._read(reading):
                    break
        finally:
            loop.remove_reader(reading)
            os.close(reading)
            os.close(self.end)

    def _read(self, descriptor: int) -> bool:
        try:
            data = os.read(descriptor, 65536)
        except BlockingIOError:
            return False
        self._kept = (self._kept + data)[-4 * LONGEST_ERROR :]
        return bool(data)

    def last_line(self) -> str:
        """Returns the last line that was written, its end if it is long."""
        return self._kept.decode("utf-8", "replace").strip().rpartition("\n")[2][-LONGEST_ERROR:]


async def _terminate(process: asyncio.subprocess.Process) -> None:
    """Ends a process and its group: asks first, then kills."""
    _signal_group(process, signal.SIGTERM)
    if process.returncode is None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TERMINATE_TIMEOUT_S):
                await process.wait()
    _signal_group(process, signal.SIGKILL)
    await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
