"""Child processes: `modemd` commands that end with the command that started them."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from modemd.errors import ModemdError

# A daemon ends soon after its stop_grace_s; a process that still runs after this time is killed.
TERMINATE_TIMEOUT_S = 10.0
_POLL_INTERVAL_S = 0.02
# prctl(2): the signal a process gets when its parent ends, however that ends.
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ChildProcessEnded(ModemdError):
    """Child process that has ended, though it should still run."""


class ChildProcesses:
    """`modemd` commands that run beside this one; each writes its output to `folder`/NAME.log.

    Each has a process group of its own, so that Ctrl-C reaches only this process. They end with the `with` block, the
    last started first. If this process is killed, the kernel ends them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> ChildProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes.values()):
            process.terminate()
            try:
                process.wait(TERMINATE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, *words: str | Path) -> None:
        """Starts `modemd WORDS`."""
        with self._log(name).open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-m", "modemd", *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=_end_with_parent,
            )

    def check(self, within_s: float = 0.0) -> None:
        """Checks that every child runs. ChildProcessEnded if one has ended, or ends within `within_s` seconds."""
        until = time.monotonic() + within_s
        while True:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise ChildProcessEnded(
                        f"the {name} has ended {_exit_description(process.returncode)}{self._last_line(name)}"
                    )
            if time.monotonic() >= until:
                return
            time.sleep(_POLL_INTERVAL_S)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _last_line(self, name: str) -> str:
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), None)
        return f"; its last line was: {last}" if last else ""


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _exit_description(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
