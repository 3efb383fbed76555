"""Real processes: a lab of emulated modems in this process or another, the daemon beside it, and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from modemd.emulator.lab.lab import Lab, LabOptions

MODEMD = Path(sys.executable).with_name("modemd")
QUICK = {"send_latency_s": 0.02, "prompt_latency_s": 0.005, "delivery_latency_s": 0.05, "report_latency_s": 0.05}


class Daemon:
    """`modemd run` as a process over a folder: configuration, database, log."""

    def __init__(self, folder: Path, ports: list[Path], **configured: Any) -> None:
        self.folder = folder
        self.config = folder / "modemd.yaml"
        self.database = folder / "modemd.db"
        self.log = folder / "modemd.log"
        settings = {
            "database": str(self.database),
            "modems": [{"name": f"m{i}", "port": str(port), "rate": "unlimited"} for i, port in enumerate(ports)],
            **configured,
        }
        self.config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([MODEMD, "run", "--config", self.config], stderr=log)

    def make_database(self) -> None:
        """Starts the daemon for a moment: no other command makes a database."""
        self.start()
        deadline = time.monotonic() + 30
        while not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'message'"):
            assert time.monotonic() < deadline, self.log.read_text(encoding="utf-8")[-2000:]
            time.sleep(0.05)
        self.signal(signal.SIGTERM)
        self.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, timeout_s: float = 60) -> int:
        assert self._process is not None
        return self._process.wait(timeout_s)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator[Daemon]:
        """While the block runs; ended by SIGTERM, which must end it well."""
        self.start()
        try:
            yield self
        except BaseException:
            self.kill()
            raise
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGTERM)
        assert self.wait() == 0, self.log.read_text(encoding="utf-8")[-2000:]

    def cli(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command of the command line, whatever its end."""
        command = [str(MODEMD), arguments[0], "--config", str(self.config), *arguments[1:]]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        done = self.cli(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database file as another process reads it; none where there is no database yet."""
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]


@contextlib.asynccontextmanager
async def lab(folder: Path, *, modems: int = 2, **options: Any) -> AsyncIterator[Lab]:
    """Emulated modems on ptys in this process, so that a test sees what the network and each device see."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - before anything runs
    built = Lab(LabOptions(folder, modems, **{**QUICK, "chatty": False, **options}), asyncio.get_running_loop())
    try:
        yield built
    finally:
        built.close()


def ports(built: Lab) -> list[Path]:
    return [modem.link.path for modem in built.modems.values()]


async def until(condition: Callable[[], bool], what: str, within_s: float = 60) -> None:
    """Wait for something another process does, with a deadline that names it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        assert loop.time() < deadline, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.05)


async def off_loop(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Run what blocks beside the loop, which has modems to serve."""
    return await asyncio.to_thread(function, *arguments, **named)


def csv(rows: list[tuple[str, str, str]]) -> str:
    """A batch for `modemd send --csv -`."""
    return "to,text,class\n" + "".join(f"{to},{text},{message_class}\n" for to, text, message_class in rows)
