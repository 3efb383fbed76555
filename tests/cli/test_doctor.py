"""`modemd doctor` as a shell sees it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from modemd.cli.doctor import _settings
from modemd.doctor import ADVICE, Code, Severity
from modemd.emulator.testing import Network
from tests.cli.shell import Ended, Modemd


@pytest.fixture(autouse=True)
def plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk and the processes of the machine that runs the tests are none of these tests' business."""
    monkeypatch.setattr("modemd.doctor.machine.LOW_DISK_SPACE", 0)
    monkeypatch.setattr("modemd.doctor.ports.processes_named", lambda name, proc: [])


def doctor(modemd: Modemd, *arguments: str) -> Ended:
    return modemd("doctor", "--config", "FILE", *arguments)


def test_a_healthy_modem(modemd: Modemd, config: Path) -> None:
    """A line a finding, and in the end what it comes to: status 1, since nothing passes without a daemon."""
    with Network() as network:
        modem = network.modem(port=config.parent / "modem0", family="sim800")
        ended = doctor(modemd)
        assert (ended.status, ended.err) == (1, "")
        *lines, last = ended.out.splitlines()
        assert last == "no message can pass: no daemon runs; a modem is ready, so start the daemon"
        assert any(line.startswith("BLOCKS   no daemon runs at ") for line in lines)
        assert any(line.startswith("         -> start it: ") for line in lines)
        assert any(line.startswith("ok       west: ") and line.endswith("driver sim800") for line in lines)
        assert modem.imei not in ended.out


def test_a_modem_that_is_gone(modemd: Modemd) -> None:
    """Status 1, and the advice under the finding."""
    ended = doctor(modemd)
    assert ended.status == 1
    lines = ended.out.splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith("BLOCKS   west: "))
    assert lines[place + 1] == f"         -> {ADVICE[Code.PORT_ABSENT].remedy}"
    assert lines[-1] == "no message can pass: no daemon runs; and if one ran, no message could pass either"


def test_a_pause_is_found_without_a_daemon(modemd: Modemd) -> None:
    """Who paused what, and why; the database is asked."""
    assert modemd("pause", "--config", "FILE", "--class", "otp", "--why", "a test", "--by", "ann").status == 0
    ended = doctor(modemd)
    (line,) = [line for line in ended.out.splitlines() if line.startswith("warning  class otp is paused since ")]
    assert line.endswith(" by ann: a test")
    assert "`modemd resume --class otp --why REASON`" in ended.out


def test_times_are_local(modemd: Modemd, config: Path) -> None:
    """The clock and a pause are shown in the configured zone, to the second, as in the tables; programs get UTC."""
    zone = ZoneInfo("Pacific/Kiritimati")  # UTC+14: never the zone of a machine that runs tests
    with config.open("a", encoding="utf-8") as file:
        file.write(f"timezone: {zone.key}\n")
    assert modemd("pause", "--config", "FILE", "--why", "a test").status == 0
    out, now = doctor(modemd).out, datetime.now(zone).replace(tzinfo=None)
    shown = re.findall(r"the (?:clock says|queue is paused since) ([0-9-]{10} [0-9:]{8})[ ,]", out)
    assert len(shown) == 2
    assert all(abs(now - datetime.fromisoformat(each)) < timedelta(minutes=5) for each in shown)
    findings = json.loads(doctor(modemd, "--json").out)["findings"]
    (clock,) = [finding["what"] for finding in findings if finding["code"] == Code.CLOCK_FINE]
    assert "+00:00" in clock


def test_findings_are_data(modemd: Modemd, tmp_path: Path) -> None:
    """--json has each finding with its code, its severity and its remedy."""
    ended = doctor(modemd, "--json", "--port", str(tmp_path / "other"))
    assert ended.status == 1
    report = json.loads(ended.out)
    assert (report["can_send"], report["modem_ready"], report["running"]) == (False, False, False)
    assert report["code"] == "none_ready"
    for finding in report["findings"]:
        assert set(finding) == {"code", "severity", "subject", "what", "remedy"}
        assert ADVICE[Code(finding["code"])].severity == finding["severity"]
        assert bool(finding["remedy"]) is (finding["severity"] != Severity.FINE)
    (port,) = [finding for finding in report["findings"] if finding["code"] == "port_absent"]
    assert port["subject"] == str(tmp_path / "other")


def test_a_wrong_configuration(modemd: Modemd, config: Path) -> None:
    """Every mistake, each with its place; no modem could be used with it."""
    config.write_text("database: modemd.db\nmodem: west\ncuntry: FR\n", encoding="utf-8")
    ended = doctor(modemd)
    assert ended.status == 1
    wrong = [line for line in ended.out.splitlines() if line.startswith(f"BLOCKS   {config}:")]
    assert [line.split(":")[1] for line in wrong] == ["2", "3"]
    assert f"modemd config check --config {config}" in ended.out


def test_no_configuration(modemd: Modemd, config: Path) -> None:
    """A newcomer has none yet: what to write is told."""
    config.unlink()
    ended = doctor(modemd, "--port", "/nonexistent/port")
    assert ended.status == 1
    assert "warning  there is no configuration" in ended.out
    assert "database: /var/lib/modemd/modemd.db" in ended.out


def test_a_wrong_driver(modemd: Modemd, config: Path) -> None:
    """A driver file of one's own that cannot be used keeps the daemon from starting."""
    own = config.parent / "drivers"
    own.mkdir()
    (own / "mine.toml").write_text("colour = 1\n")
    config.write_text(f"{config.read_text(encoding='utf-8')}drivers: drivers\n", encoding="utf-8")
    ended = doctor(modemd)
    assert ended.status == 1
    assert "mine.toml" in ended.out
    assert "modemd drivers list --check" in ended.out


def test_a_message_to_itself(modemd: Modemd, config: Path) -> None:
    """--send-to-self: one message, which comes back."""
    with Network() as network:
        modem = network.modem(number="+33700000001", port=config.parent / "modem0")
        ended = doctor(modemd, "--send-to-self")
        assert ended.status == 1
        assert "ok       west: the network accepted a message to +33700000001" in ended.out.splitlines()
        assert "the message arrived after " in ended.out
        assert [entry.recipient for entry in network.journal] == [modem.number]


def test_modemmanager_on_a_real_port(modemd: Modemd, config: Path) -> None:
    """A process of that name that has the port open is told by its name and number; once it has ended, the modem is asked."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = config.parent / "ModemManager"
    program.symlink_to(sleep)
    with Network() as network:
        network.modem(port=config.parent / "modem0")
        with (config.parent / "modem0").open("rb", buffering=0) as port:
            process = subprocess.Popen([program, "60"], stdin=port)
        try:
            ended = doctor(modemd)
            assert ended.status == 1
            assert f"west: ModemManager (process {process.pid}) has " in ended.out
            assert "systemctl disable --now ModemManager" in ended.out
        finally:
            process.kill()
            process.wait()
        assert doctor(modemd).out.splitlines()[-1].endswith("a modem is ready, so start the daemon")


def test_a_daemon_is_asked_on_its_socket(modemd: Modemd, config: Path) -> None:
    """What answers there is taken at its word, and its ports are left alone; what answers nonsense is said to be silent."""
    said = {"message": "no modem can send now: none is found", "can_send": False, "trouble": None, "modems": []}
    with Answering(config.parent / "modemd.sock", json.dumps(said)):
        ended = doctor(modemd)
    assert ended.status == 1
    assert ended.out.splitlines()[0] == f"ok       the daemon runs, and says: {said['message']}"
    assert ended.out.splitlines()[-1] == said["message"]
    with Answering(config.parent / "modemd.sock", "hello"):
        assert "does not answer" in doctor(modemd).out


class Answering:
    """A daemon that answers each request on a Unix socket with this body."""

    def __init__(self, path: Path, body: str) -> None:
        self._path = path
        self._answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        self._door = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Answering:
        self._door.bind(str(self._path))
        self._door.listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._door.close()
        self._path.unlink()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:  # the door is shut
                return
            with caller:
                caller.recv(4096)
                caller.sendall(self._answer)


def test_a_configuration_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose it is, and what helps, is a finding: no port is opened, since a daemon may use it."""
    path = tmp_path / "modemd.yaml"
    path.write_text("database: modemd.db", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    settings, (finding,) = _settings(path)
    assert (settings, finding.code) == (None, Code.CONFIG_CLOSED)
    assert "belongs to" in finding.what
