"""A daemon with messages to send, over modems in another process; and what the kernel says of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.modem_process import AT_ONCE_S, Modems, modems
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.store import Store
from modemd.store.outbox import accept
from modemd.store.outbox.outbound_message import OutboundMessage

MODEMD = Path(sys.executable).with_name("modemd")
# A disk that takes no time, to tell modemd's share of a figure from the disk's. Absent on other systems than Linux.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
# What clock_getcpuclockid(3) makes of a process on Linux: its number, inverted, over three bits that name the kind of clock.
_SCHED = 2
TEXT = "Your order is ready. Number"


@dataclass
class Daemon:
    """`modemd run`, and the modems it has."""

    process: subprocess.Popen[bytes]
    folder: Path
    config: Path
    modems: Modems

    def cpu_s(self) -> float:
        """User and system time of all its threads so far, to the nanosecond: proc(5) tells hundredths of a second."""
        return time.clock_gettime((~self.process.pid << 3) | _SCHED)

    def rss_mib(self) -> float:
        """Resident memory."""
        (line,) = [each for each in self._proc("status") if each.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024

    def written(self) -> int:
        """Bytes handed to the disk."""
        (line,) = [each for each in self._proc("io") if each.startswith("write_bytes:")]
        return int(line.split()[1])

    def _proc(self, name: str) -> list[str]:
        return Path(f"/proc/{self.process.pid}/{name}").read_text(encoding="ascii").splitlines()

    def cli(self, *arguments: str) -> None:
        """A command, which must succeed."""
        subprocess.run([MODEMD, arguments[0], "--config", self.config, *arguments[1:]], check=True, capture_output=True)

    def rows(self, sql: str, *given: object) -> list[tuple[Any, ...]]:
        """What the database says, asked without the daemon."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'modemd.db'}?mode=ro", uri=True)) as db:
            return db.execute(sql, given).fetchall()


@contextlib.contextmanager
def folder(base: Path | None = None) -> Iterator[Path]:
    """A folder for one measurement; in `base`, or where temporary files are."""
    made = Path(tempfile.mkdtemp(prefix="modemd-", dir=base))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def daemon(
    base: Path | None,
    count: int,
    *,
    latency_s: float,
    report_latency_s: float = AT_ONCE_S,
    messages: int = 0,
    report: bool = True,
    rate: object = "unlimited",
    **configured: object,
) -> Iterator[Daemon]:
    """A daemon over `count` modems that has so many messages to send; on `base`'s disk. Modems boot when all is there.
    `configured`: further settings."""
    with (
        folder(base) as made,
        modems(made / "lab", count, latency_s=latency_s, report_latency_s=report_latency_s) as built,
    ):
        config = made / "modemd.yaml"
        settings = {
            "database": str(made / "modemd.db"),
            "log_level": "warning",
            "report": report,
            "modems": [{"name": f"m{i}", "port": str(port), "rate": rate} for i, port in enumerate(built.ports)],
            **configured,
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        if messages:
            asyncio.run(queue(made / "modemd.db", messages, report=report))
        with (made / "log").open("wb") as log:
            process = subprocess.Popen([MODEMD, "run", "--config", config], stderr=log)
        try:
            yield Daemon(process, made, config, built)
        finally:
            process.send_signal(signal.SIGKILL if process.poll() is None else 0)
            process.wait()


async def queue(database: Path, messages: int, *, report: bool = True, first: int = 0) -> None:
    """Messages in a database, each to a number of its own."""
    store = await Store.open(database)
    now = datetime.now(UTC)
    rules = SendingRules()

    def some(begin: int, end: int) -> Callable[..., None]:
        def change(db: object) -> None:
            for index in range(begin, end):
                new = OutboundMessage(
                    f"+336{first + index:08d}",
                    f"{TEXT} {index}",
                    MessageClass.TRANSACTIONAL,
                    1,
                    now + timedelta(days=1),
                    report,
                )
                accept.submit(db, new, rules, now)  # type: ignore[arg-type] # the writer's connection

        return change

    for begin in range(0, messages, 1000):
        await store.write(some(begin, min(begin + 1000, messages)))
    await store.close()


def until(condition: Callable[[], bool], what: str, within_s: float = 120.0, *, every_s: float = 0.02) -> None:
    """Wait for what another process does, looking now and then."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s:g} s")
        time.sleep(every_s)
