"""Debian's Prometheus Alertmanager fires an alert, and a real daemon sends it to an emulated phone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.free_port import free_port
from tests.system.http.keyed import make_key
from tests.system.processes import Daemon, lab, off_loop, ports, until

PROGRAM = "prometheus-alertmanager"
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(180),
    pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed"),
]
ALICE = "+33612345678"
DOORS = {"alertmanager": {"receivers": {"on-call": [ALICE]}}}
CONFIGURATION = """
route:
  receiver: on-call
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: on-call
    webhook_configs:
      - url: http://127.0.0.1:{port}/doors/alertmanager
        send_resolved: true
        http_config:
          authorization: {{credentials: {key}}}
"""


@contextlib.contextmanager
def alertmanager(folder: Path, door: int, key: str, port: int) -> Iterator[None]:
    """Runs an Alertmanager that knows nothing of earlier ones."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = folder / "alertmanager.yml"
    config.write_text(CONFIGURATION.format(port=door, key=key), encoding="utf-8")
    arguments = (f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", f"--storage.path={folder}/data")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, f"--config.file={config}", *arguments], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def fire(port: int, *instances: str) -> None:
    """Tells an Alertmanager of alerts, as Prometheus does. OSError until it listens."""
    alerts = [
        {
            "labels": {"alertname": "HighLoad", "instance": instance},
            "annotations": {"summary": "“Load” is high…"},
            "startsAt": "2026-01-01T00:00:00Z",
        }
        for instance in instances
    ]
    url, headers = f"http://127.0.0.1:{port}/api/v2/alerts", {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(alerts).encode(), headers), timeout=10):
        pass


def try_to_fire(port: int, *instances: str) -> bool:
    try:
        fire(port, *instances)
    except OSError:
        return False
    return True


async def test_an_alert_arrives_once(tmp_path: Path) -> None:
    """Though no daemon listens when it fires, though the daemon is killed, and though Alertmanager starts anew and forgets that
    it told of it."""
    async with lab(tmp_path / "lab", modems=1) as built:
        phone, port, door = built.network.phone(ALICE), free_port(), free_port()
        daemon = Daemon(tmp_path, ports(built), doors=DOORS, http={"listen": f"127.0.0.1:{door}"})
        with daemon.running():
            await until((tmp_path / "modemd.sock").exists, "the daemon answers")
            key = await off_loop(make_key, daemon.config, "alertmanager", "alerts:write")
        with alertmanager(tmp_path / "am", door, key, port):
            await until(lambda: try_to_fire(port, "db1"), "Alertmanager takes the alert")
            await asyncio.sleep(2)  # it fires in vain
            daemon.start()
            await until(lambda: bool(phone.inbox), "the alert arrives")
            daemon.kill()
        with daemon.running(), alertmanager(tmp_path / "am", door, key, port):
            await until(lambda: try_to_fire(port, "db1"), "Alertmanager takes the alert again")
            await until(lambda: "outcome=repeated" in daemon.log.read_text(encoding="utf-8"), "it is posted again")
            await off_loop(fire, port, "db1", "db2")
            await until(lambda: len(phone.inbox) == 2, "the second alert arrives")
        assert [each.text for each in phone.inbox] == [
            '[FIRING:1] HighLoad db1: "Load" is high...',
            '[FIRING:2] HighLoad db1, db2: "Load" is high...',
        ]
        log = (tmp_path / "am" / "log").read_text(encoding="utf-8")
        assert "level=error" not in log, log
        assert key not in daemon.log.read_text(encoding="utf-8")
