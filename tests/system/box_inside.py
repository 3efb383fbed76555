"""What a technician does on a box, done inside a Debian tree of its own: `python3 box_inside.py WHEELS THIS NEXT`, as root.

It needs nothing but Debian's Python. It prints one JSON document of what was seen, which tests/system/test_box.py judges. There
is no systemd in the tree: the unit's command is started by hand, with what the unit says of user, groups, limits, folders.
"""

from __future__ import annotations

import ctypes
import grp
import json
import os
import pwd
import re
import resource
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

UNIT = Path("/etc/systemd/system/modemd.service")
CONFIG = Path("/etc/modemd/modemd.yaml")
DATABASE = Path("/var/lib/modemd/modemd.db")
BACKUP = Path("/var/backups/modemd.db")
LAB = Path("/run/lab")
LOG = Path("/run/modemd.log")
NOTIFY = Path("/run/notify")
BIN = Path("/opt/modemd/bin")
CUSTOMER, OURS = "+33612345678", "+33700000001"
CONFIGURED = {
    "database": str(DATABASE),
    "socket": "/run/modemd/modemd.sock",
    "modems": [{"name": "west", "port": str(LAB / "modem0")}],
}
CLONE_NEWNS, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 0x00020000, 38, 65
MEMBER = ["setpriv", "--reuid=nobody", "--regid=modemd", "--clear-groups"]
"""Somebody who is not root, and belongs to modemd's group."""


def run(*argv: str | Path) -> str:
    """The standard output of a command that must succeed."""
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise SystemExit(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}{log()}")
    return done.stdout


def log() -> str:
    return LOG.read_text()[-4000:] if LOG.exists() else ""


def until(condition: Callable[[], Any], what: str, within_s: float = 30) -> Any:
    """What the condition says once that is true."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {within_s} s: {what}\n{log()}")
        time.sleep(0.05)
    return found


class Unit:
    """The installed unit, started by hand."""

    def __init__(self) -> None:
        text = UNIT.read_text().replace("\\\n", " ")
        self.said: dict[str, list[str]] = {}
        for name, value in re.findall(r"^(\w+)=(.*)$", text, re.M):
            self.said.setdefault(name, []).append(value)
        NOTIFY.unlink(missing_ok=True)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(NOTIFY))
        NOTIFY.chmod(0o777)
        self.notices.setblocking(False)
        self.heard: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None

    def one(self, name: str) -> str:
        (value,) = self.said[name]
        return value

    def start(self) -> None:
        user, group = pwd.getpwnam(self.one("User")), grp.getgrnam(self.one("Group"))
        others = [grp.getgrnam(name).gr_gid for name in self.one("SupplementaryGroups").split()]
        for key, root in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            folder = Path(root, self.one(key))
            folder.mkdir(exist_ok=True)
            folder.chmod(int(self.one(f"{key}Mode"), 8))
            os.chown(folder, user.pw_uid, group.gr_gid)
        writable = [f"/var/lib/{self.one('StateDirectory')}", f"/run/{self.one('RuntimeDirectory')}"]
        strict = self.one("ProtectSystem") == "strict"
        credentials = Path("/run/credentials")
        shutil.rmtree(credentials, ignore_errors=True)
        credentials.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)

        def confine() -> None:
            if libc.unshare(CLONE_NEWNS):
                raise OSError("no mount namespace")
            mounts = [["--bind", folder, folder] for folder in writable]
            mounts += [["-t", "tmpfs", "tmpfs", "/tmp"], *([["-o", "remount,bind,ro", "/"]] if strict else [])]
            for words in mounts:
                subprocess.run(["mount", *words], check=True)
            if os.path.isdir("/home"):
                subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=000", "tmpfs", "/home"], check=True)
            files = int(self.one("LimitNOFILE"))
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.umask(int(self.one("UMask"), 8))
            os.setgroups(others)
            os.setgid(group.gr_gid)
            os.setuid(user.pw_uid)
            libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)  # MemoryDenyWriteExecute=; Linux 6.3

        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "NOTIFY_SOCKET": str(NOTIFY),
            "WATCHDOG_USEC": str(int(self.one("WatchdogSec")) * 1_000_000),
            "CREDENTIALS_DIRECTORY": str(credentials),
        }
        self.heard.clear()
        with LOG.open("ab") as stderr:
            self.process = subprocess.Popen(
                shlex.split(self.one("ExecStart")), env=environment, cwd="/", stderr=stderr, preexec_fn=confine
            )

    def listen(self) -> list[str]:
        """All that the service has told, line by line."""
        while True:
            try:
                self.heard += self.notices.recv(65536).decode().splitlines()
            except BlockingIOError:
                return self.heard

    def told(self, line: str) -> bool:
        return line in self.listen()

    def reload(self) -> None:
        assert self.process is not None
        assert self.one("ExecReload") == "/bin/kill -HUP $MAINPID"
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> tuple[int, float]:
        """SIGTERM, and the exit status and how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        return status, time.monotonic() - began

    def status(self) -> dict[str, str]:
        """Of the process, as the kernel sees it."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        pairs = dict(line.split(":", 1) for line in lines)
        return {key: " ".join(pairs[key].split()) for key in ("Uid", "Gid", "Groups", "CapEff", "NoNewPrivs")}


def modemd(*words: str) -> str:
    """The command line, as a member of modemd's group."""
    return run(*MEMBER, BIN / "modemd", words[0], "--config", CONFIG, *words[1:])


def asked(*words: str) -> Any:
    return json.loads(modemd(*words, "--json"))


def configure(**changed: Any) -> None:
    CONFIG.write_text(json.dumps(CONFIGURED | changed))  # JSON is YAML


def version_of_the_schema() -> int:
    with closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def install(wheels: str, version: str) -> str:
    run(
        BIN / "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-index",
        "--find-links",
        wheels,
        f"modemd=={version}",
    )
    return run(BIN / "modemd", "install")


def emulate() -> subprocess.Popen[bytes]:
    """A network with one modem, which the group of serial ports may use, as udev would have it."""
    quick = ["--kind", "--send-latency", "0.05", "--dir", str(LAB)]
    process = subprocess.Popen(
        [BIN / "modemd", "emulate", *quick], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    port = until(lambda: (LAB / "modem0").exists() and (LAB / "modem0").resolve(), "the emulated modem")
    os.chown(port, 0, grp.getgrnam("dialout").gr_gid)
    port.chmod(0o660)
    return process


def main(wheels: str, this: str, newer: str) -> None:
    seen: dict[str, Any] = {}
    run("python3", "-m", "venv", "/opt/modemd")
    seen["installed"] = install(wheels, this)
    seen["again"] = run(BIN / "modemd", "install")
    seen["others_read_the_configuration"] = bool(CONFIG.stat().st_mode & 0o004)
    network = emulate()
    configure()
    unit = Unit()

    unit.start()
    until(lambda: unit.told("READY=1"), "READY=1")
    until(lambda: any(line.startswith("STATUS=a message can pass") for line in unit.listen()), "STATUS=")
    until(lambda: unit.told("WATCHDOG=1"), "WATCHDOG=1")
    seen["limits"] = unit.status()
    assert unit.process is not None
    seen["files"] = re.search(r"Max open files +(\d+)", Path(f"/proc/{unit.process.pid}/limits").read_text())[1]  # type: ignore[index]
    seen["can_send"] = asked("status")["can_send"]
    modemd("send", "--to", CUSTOMER, "--text", "Your table is ready")
    seen["out"] = until(lambda: [m for m in asked("messages") if m["state"] == "delivered"], "delivered")[0]["text"]
    seen["phone"] = run(BIN / "modemd", "phone", "--dir", LAB, CUSTOMER, "inbox", "--json")
    run(BIN / "modemd", "phone", "--dir", LAB, CUSTOMER, "send", OURS, "STOP")
    seen["optouts"] = [each["number"] for each in until(lambda: asked("optouts"), "the opt-out")]

    configure(log_level="debug", timezone="Europe/Paris")
    unit.reload()
    until(lambda: "changed, and taken over at the next start only" in log(), "the reload")
    until(lambda: unit.listen().count("READY=1") == 2, "READY=1 after the reload")
    seen["reloading"] = unit.told("RELOADING=1")
    seen["reload"] = [line for line in LOG.read_text().splitlines() if "reload" in line or "next start only" in line]
    configure()
    seen["ended"] = unit.end()
    seen["stopping"] = unit.told("STOPPING=1")
    seen["schema"] = version_of_the_schema()

    BACKUP.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(DATABASE)) as source, closing(sqlite3.connect(BACKUP)) as copy:
        source.backup(copy)

    seen["upgraded"] = install(wheels, newer)
    unit.start()
    until(lambda: unit.told("READY=1"), "READY=1 after the upgrade")
    seen["newer"] = {
        "schema": version_of_the_schema(),
        "version": run(BIN / "modemd", "--version").strip(),
        "messages": [message["text"] for message in asked("messages")],
        "optouts": [each["number"] for each in asked("optouts")],
    }
    unit.end()

    install(wheels, this)
    before = DATABASE.read_bytes()
    LOG.unlink()
    unit.start()
    assert unit.process is not None
    seen["downgrade"] = {"status": unit.process.wait(30), "log": log(), "untouched": DATABASE.read_bytes() == before}

    for path in (DATABASE, DATABASE.with_name("modemd.db-wal"), DATABASE.with_name("modemd.db-shm")):
        path.unlink(missing_ok=True)
    run("install", "-o", "modemd", "-g", "modemd", "-m", "600", BACKUP, DATABASE)
    unit.start()
    until(lambda: unit.told("READY=1"), "READY=1 after the restoring")
    seen["restored"] = {"schema": version_of_the_schema(), "optouts": [each["number"] for each in asked("optouts")]}
    unit.end()
    network.send_signal(signal.SIGINT)
    network.wait(10)

    seen["uninstalled"] = run(BIN / "modemd", "install", "--uninstall")
    seen["unit_gone"], seen["database_kept"] = not UNIT.exists(), DATABASE.exists()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
