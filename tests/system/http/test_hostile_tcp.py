"""Hostile clients at the TCP port of a real daemon: modems stay busy, the Unix socket answers, and memory stays bounded."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from benchmarks.daemon_process import Daemon, daemon, until
from modemd.http.unix import request
from tests.free_port import free_port
from tests.system.http.attackers import IDLE_CLIENTS
from tests.system.http.keyed import make_key

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

MODEMS, LATENCY_S = 8, 2.5
WINDOW_S = 30.0
# Enough for two windows, and for the set-up.
MESSAGES = MODEMS * 50
LEAST_BUSY = 0.98
ANSWERS_WITHIN_S = 2.0
# What the daemon may grow by: one body of 32 MiB may be under way, in three copies.
MOST_GROWTH_MIB = 128.0
MOST_LOG = 100_000


class Probe:
    """Asks the Unix socket for the status twice a second, and looks at the memory. `lasted_s`: of each answer."""

    def __init__(self, running: Daemon) -> None:
        self.lasted_s: list[float] = []
        self.most_mib = 0.0
        self._running = running
        self._ends = threading.Event()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[Probe]:
        """Asks while the block runs. What goes wrong is raised at its end."""
        wrong: list[Exception] = []

        def work() -> None:
            while not self._ends.wait(0.5):
                try:
                    self._ask()
                except Exception as error:
                    wrong.append(error)
                    return

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield self
        finally:
            self._ends.set()
            thread.join()
        if wrong:
            raise wrong[0]

    def _ask(self) -> None:
        began = time.monotonic()
        status, body = request(self._running.folder / "modemd.sock", "GET", "/v1/status")
        self.lasted_s.append(time.monotonic() - began)
        assert status == 200, body
        self.most_mib = max(self.most_mib, self._running.rss_mib())


def measure_busy(running: Daemon, opens: float) -> float:
    """Returns the busy fraction of the modems in the window that begins at `opens`, by the time that each send took."""
    time.sleep(max(opens + WINDOW_S + LATENCY_S + 0.5 - time.monotonic(), 0.0))
    closes, on_air = opens + WINDOW_S, 0.0
    for times in running.modems.air().values():
        for began, ended in times:
            on_air += max(min(ended, closes) - max(began, opens), 0.0)
    return on_air / (MODEMS * WINDOW_S)


def test_modems_stay_busy_under_attack(tmp_path: Path) -> None:
    """Slow clients, bodies without an end, 2,000 idle connections and floods at once take from the modems less than a fiftieth
    of their time, beside the same daemon without them; status is told in time; and afterwards everything is as before."""
    port = free_port()
    http = {"listen": f"127.0.0.1:{port}"}
    with daemon(None, MODEMS, latency_s=LATENCY_S, messages=MESSAGES, http=http) as running:
        until(lambda: running.modems.sending() == MODEMS, "all modems send", 60)
        key = make_key(running.config, "all")
        calm = measure_busy(running, time.monotonic())
        descriptors, memory_mib = count_descriptors(running), running.rss_mib()
        command = [sys.executable, "-m", "tests.system.http.attackers", str(port), key, str(WINDOW_S + 10)]
        probe = Probe(running)
        attackers = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            with probe.at_work():
                time.sleep(5)  # all of them are there
                attacked = measure_busy(running, time.monotonic())
            answers = json.loads(attackers.communicate(timeout=60)[0])
        finally:
            attackers.kill()
            attackers.wait()
        print(f"busy {calm:.4f}, under attack {attacked:.4f}")  # noqa: T201 - figures, with -s
        print(f"status {statistics.median(probe.lasted_s):.3f} s, at most {max(probe.lasted_s):.3f} s")  # noqa: T201
        print(f"memory {memory_mib:.0f} MiB, at most {probe.most_mib:.0f} MiB, then {running.rss_mib():.0f} MiB")  # noqa: T201
        print(json.dumps(answers))  # noqa: T201
        assert attacked >= LEAST_BUSY * calm
        assert max(probe.lasted_s) < ANSWERS_WITHIN_S
        assert probe.most_mib - memory_mib < MOST_GROWTH_MIB
        check_answers(answers)
        until(lambda: count_descriptors(running) <= descriptors + 2, "the connections are closed", 60, every_s=0.5)
        check_normal(running, port, key)


def check_answers(answers: dict[str, dict[str, int]]) -> None:
    """Checks that each kind of client got the answer that docs/api.md tells, or was let go, and nothing else."""
    crowd = {"503", "cut"}
    told = {
        "_wait": set(),
        "_trickle_head": set(),
        "_trickle_body": {"408"},
        "_announce_too_much": {"413"},
        "_lie": {"400", "422"},
        "_send_chunks": {"413"},
        "_try_keys": {"401", "429"},
        "_list_all": {"200"},
        "_send_batches": {"202"},
    }
    for kind, found in answers.items():
        assert set(found) <= told[kind] | crowd, (kind, found)
    assert sum(answers["_wait"].values()) > IDLE_CLIENTS


def check_normal(running: Daemon, port: int, key: str) -> None:
    """Checks that the daemon serves both doors, and that its log is short and tells of no mistake."""
    assert running.process.poll() is None
    client = HTTPConnection("127.0.0.1", port, timeout=5)
    client.request("GET", "/v1/status", headers={"Authorization": f"Bearer {key}"})
    assert client.getresponse().status == 200
    client.close()
    running.cli("status")
    log = (running.folder / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "Too many open files" not in log
    assert len(log) < MOST_LOG


def count_descriptors(running: Daemon) -> int:
    return len(os.listdir(f"/proc/{running.process.pid}/fd"))
