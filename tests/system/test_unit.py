"""The unit and the udev rules, judged by systemd's and udev's own tools, and the daemon that the unit's words are for."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from modemd import resources
from modemd.installation import render_unit
from tests.system.processes import MODEMD, Daemon, lab, off_loop, ports, until

MOST_EXPOSED = 2.0
UNIT = resources.folder("systemd") / "modemd.service"
RULES = resources.folder("udev") / "70-modemd.rules"
# A mount of our own over the folder of rules; it ends with the command.
WITH_RULES = 'mount --bind "$0" /etc/udev/rules.d && exec udevadm test --action=add /sys/class/tty/tty0'

# SQLite gives its log to the database's owner, and modemd the key of the ledger, as root alone; and as root alone these tests run
# in CI.
AS_ROOT = {"fchown", "chown"}

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
needs_udev = pytest.mark.skipif(os.geteuid() != 0 or shutil.which("udevadm") is None, reason="needs root, and udev")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit as `modemd install` writes it, for the modemd under test."""
    path = tmp_path / "modemd.service"
    path.write_text(render_unit(MODEMD, {"dialout": 20}))
    return path


@needs_systemd
def test_the_unit_has_no_mistake(installed: Path) -> None:
    """`systemd-analyze verify` has nothing to say of it."""
    done = subprocess.run(["systemd-analyze", "verify", installed], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_verify_sees_mistakes(installed: Path) -> None:
    """A key that is none would be told."""
    installed.write_text(installed.read_text().replace("WatchdogSec=", "WatchdogSeconds="))
    done = subprocess.run(["systemd-analyze", "verify", installed], capture_output=True, text=True, check=False)
    assert "WatchdogSeconds" in done.stderr


@needs_systemd
def test_the_unit_is_little_exposed() -> None:
    """`systemd-analyze security` gives it at most 2.0, and each thing that it counts is explained in the unit itself."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    (exposure,) = re.findall(r"Overall exposure level for modemd\.service: ([0-9.]+)", said)
    assert float(exposure) <= MOST_EXPOSED
    counted = re.findall(r"^✗ (\w+)=", said, re.M)
    text = UNIT.read_text(encoding="utf-8")
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    explained = {
        "SupplementaryGroups": "The group dialout",
        "DeviceAllow": "Only modems",
        "RestrictAddressFamilies": "AF_",
    }
    missing = [name for name in counted if explained.get(name, f"{name}=") not in comments]
    assert counted
    assert missing == []


def read_by_udev(folder: Path) -> list[str]:
    """What udev says against the rules in `folder`, a group apart that only an installation makes."""
    command = ["unshare", "--mount", "sh", "-c", WITH_RULES, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("/etc/udev/rules.d/")]
    assert re.search(r"^Reading rules file: /etc/udev/rules.d/", done.stdout + done.stderr, re.M)
    return [line for line in said if "Unknown group" not in line]


@needs_udev
def test_udev_takes_the_rules(tmp_path: Path) -> None:
    """`udevadm test` reads them without a word (Debian 12 has no `udevadm verify` yet)."""
    shutil.copy(RULES, tmp_path)
    assert read_by_udev(tmp_path) == []


@needs_udev
def test_udev_sees_mistakes(tmp_path: Path) -> None:
    """A line that udev does not take would be told."""
    (tmp_path / "70-modemd.rules").write_text('FOO=="x", GOTO="nowhere"\n')
    assert read_by_udev(tmp_path) == ["/etc/udev/rules.d/70-modemd.rules:1 Invalid key 'FOO'"]


def test_a_faulty_file_is_not_reloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHUP with mistakes in the file: each is told, and the daemon goes on as before."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(30)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    daemon = Daemon(tmp_path, [tmp_path / "none"])

    def until(word: str) -> None:
        while word not in listening.recv(4096).decode().splitlines():
            pass

    with daemon.running():
        until("READY=1")
        daemon.config.write_text("database: modemd.db\nbrnd: Acme\nreport: perhaps\n")
        daemon.signal(signal.SIGHUP)
        until("RELOADING=1")
        until("READY=1")
        log = daemon.log.read_text()
        assert "brnd" in log
        assert "report" in log
    assert log.count("not reloaded") == 2
    listening.close()


def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as stderr:
        return subprocess.Popen(command, stderr=stderr)


def calls_of(group: str) -> set[str]:
    """The system calls of one of systemd's groups, those of the groups within it too."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    words = [line.strip() for line in said.stdout.splitlines()[1:] if not line.strip().startswith("#")]
    return {call for word in words if word for call in (calls_of(word) if word.startswith("@") else {word})}


@needs_systemd
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
async def test_the_daemon_makes_no_call_that_the_unit_forbids(tmp_path: Path) -> None:
    """From the start over a message to the end: each system call is one that SystemCallFilter= lets through."""
    text = UNIT.read_text(encoding="utf-8")
    allowed, denied = set[str](), set[str]()
    for said in re.findall(r"^SystemCallFilter=(.+)$", text, re.M):
        groups = set().union(*(calls_of(group) for group in said.lstrip("~").split()))
        allowed, denied = (allowed, denied | groups) if said.startswith("~") else (allowed | groups, denied)
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        trace = tmp_path / "trace"
        command = ["strace", "-f", "-qq", "-c", "-U", "name", "-o", trace, MODEMD, "run", "--config", daemon.config]
        process = await off_loop(started, list(map(str, command)), daemon.log)
        await until(lambda: "modem ready" in daemon.log.read_text(), "the modem")
        done = await off_loop(daemon.cli, "send", "--to", "+33612345678", "--text", "hello")
        assert done.returncode == 0
        await until(lambda: bool(daemon.rows("SELECT 1 FROM message WHERE state = 'delivered'")), "delivered")
        # strace hands a signal that it gets to nobody: its child is meant.
        children = await off_loop(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text)
        os.kill(int(children), signal.SIGTERM)
        await off_loop(process.wait, 60)
    made = set(trace.read_text().split()[2:]) - {"total", "------", "syscall"}
    made = {name for name in made if re.fullmatch(r"[a-z_0-9]+", name)}
    assert {"openat", "fdatasync", "epoll_wait"} <= made
    assert made - (allowed - denied) - AS_ROOT == set()
