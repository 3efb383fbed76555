"""From acceptance to `AT+CMGS` on an idle modem: `python -m benchmarks.commit_to_cmgs [TIMES]`.

A real daemon, an emulated modem on a pty in this process. Counted from the message's `created_at`, which is taken just
before its commit (so the commit is in the figure), to the moment the modem reads `AT+CMGS`. Beside it, in the same run,
the bare round trip of `AT` over the same pty: what no software can go below.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from modemd.emulator.lab import Lab
from tests.system.house import Daemon, lab, off_loop, ports, until

TIMES = 100


async def measure(times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with lab(folder / "lab", modems=1) as built:
            bare = await bare_round_trips(built, times)
            asked = watch_cmgs(built)
            daemon = Daemon(folder, ports(built))
            with daemon.running():
                await until(lambda: "modem ready" in daemon.log.read_text(encoding="utf-8"), "the modem is ready")
                for index in range(times):
                    done = await off_loop(daemon.cli, "send", "--to", f"+336{index:08d}", "--text", f"number {index}")
                    assert done.returncode == 0, done.stderr
                    await until(lambda sent=index + 1: len(asked) == sent, "it is sent")
                await asyncio.sleep(0.5)
            accepted = [row["created_at"] for row in daemon.rows("SELECT created_at FROM message ORDER BY id")]
            waits = [
                (at - datetime.fromisoformat(created)).total_seconds() * 1000
                for at, created in zip(asked, accepted, strict=True)
            ]
    print(f"acceptance to AT+CMGS, {times} times: {shown(waits)}")
    print(f"bare AT round trip, {times} times: {shown(bare)}")


def watch_cmgs(built: Lab) -> list[datetime]:
    """The moments at which the modem reads AT+CMGS."""
    asked: list[datetime] = []
    (modem,) = built.modems.values()
    feed = modem.device.feed

    def timed(data: bytes) -> None:
        if b"AT+CMGS" in data:
            asked.append(datetime.now(UTC))
        feed(data)

    modem.device.feed = timed  # type: ignore[method-assign]
    return asked


async def bare_round_trips(built: Lab, times: int) -> list[float]:
    """Milliseconds of `AT` and its OK over the pty, from a thread that does nothing else."""

    def run(path: Path) -> list[float]:
        port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(port, b"ATE0\r")
            time.sleep(0.3)
            os.read(port, 4096)
            took = []
            for _ in range(times):
                began = time.perf_counter()
                os.write(port, b"AT\r")
                answer = b""
                while b"OK" not in answer:
                    answer += os.read(port, 4096)
                took.append((time.perf_counter() - began) * 1000)
            return took
        finally:
            os.close(port)

    return await off_loop(run, ports(built)[0])


def shown(milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"median {statistics.median(ordered):.2f} ms, p95 {p95:.2f} ms, worst {ordered[-1]:.2f} ms"


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
