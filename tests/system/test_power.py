"""Durability seen from outside the process: what it syncs before it answers, and a disk that is full, read-only or damaged."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from modemd.emulator.lab.lab import Lab
from tests.system.processes import MODEMD, Daemon, csv, lab, off_loop, ports, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

# Writes groups of changes, and says after each answer how many changes it had.
WRITER = """
import asyncio, os, sys
from pathlib import Path
from random import Random
from modemd.store import Store

async def main():
    store, chance, last = await Store.open(Path(sys.argv[1])), Random(1), 0
    for _ in range(100):
        count = chance.randint(1, 20)
        numbers = range(last, last := last + count)
        write = "INSERT INTO contact (number) VALUES (?)"
        await asyncio.gather(*(store.write(lambda db, n=n: db.execute(write, (str(n),)) and None) for n in numbers))
        os.write(1, b"answered %d\\n" % count)
    await store.close()

asyncio.run(main())
"""
TRACE = ("-f", "-y", "-e", "trace=write,pwrite64,sendto,fsync,fdatasync", "-o")
# 123 pwrite64(7</lab/modemd.db-wal>, "..."..., 4096, 0) = 4096; -y names the file of each descriptor
CALL = re.compile(r"^\d+ +(?P<call>\w+)\(\d+<(?P<file>[^>]*)>(?:, (?P<what>\"[^\"]*))?")


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    return found


class Seen:
    """A trace of system calls, gone through in order."""

    def __init__(self, trace: Path, answer: str) -> None:
        self.syncs = 0
        self.answers = 0
        self.unsynced_answers = 0
        self.answers_without_sync = 0
        dirty, synced = False, False
        for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
            found = CALL.match(line)
            if found is None:
                continue
            call, what = found["call"], found["what"] or ""
            if found["file"].endswith("-wal"):
                dirty = call == "pwrite64" or (dirty and call not in ("fdatasync", "fsync"))
                synced |= call in ("fdatasync", "fsync")
                self.syncs += call in ("fdatasync", "fsync")
            elif call in ("write", "sendto") and what.startswith(f'"{answer}'):
                self.answers += 1
                self.unsynced_answers += dirty
                self.answers_without_sync += not synced
                synced = False


def test_no_group_is_answered_before_its_log_is_synced(tmp_path: Path, strace: str) -> None:
    """100 groups, each answered behind an fdatasync of its own, and never while octets of the log are not synced."""
    trace = tmp_path / "trace"
    command = [strace, *TRACE, str(trace), sys.executable, "-c", WRITER, str(tmp_path / "modemd.db")]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = Seen(trace, "answered")
    print(f"groups answered {seen.answers}, syncs of the log {seen.syncs}")  # noqa: T201 - figures for whoever runs it with -s
    assert seen.answers == 100
    assert seen.syncs >= seen.answers
    assert (seen.answers_without_sync, seen.unsynced_answers) == (0, 0)


def test_no_submit_is_answered_before_its_log_is_synced(tmp_path: Path, strace: str) -> None:
    """The daemon's own 202, on its socket, for each of 20 messages: behind an fdatasync of its own."""
    trace = tmp_path / "trace"
    daemon = Daemon(tmp_path, [tmp_path / "nothing"])
    with daemon.log.open("ab") as log:
        # -D: the process that is started is the daemon, so that signals reach it
        command = [strace, "-D", *TRACE, str(trace), str(MODEMD), "run", "--config", str(daemon.config)]
        process = subprocess.Popen(command, stderr=log)
    try:
        _until_it_says(daemon.log, "starting")
        for index in range(20):
            done = daemon.cli("send", "--to", "+33612345678", "--text", f"message {index}")
            assert done.returncode == 0, done.stderr
    finally:
        process.terminate()
        process.wait(30)
    _until_it_says(trace, "+++ exited with 0 +++")
    seen = Seen(trace, "HTTP/1.1 202")
    print(f"submits answered {seen.answers}, syncs of the log {seen.syncs}")  # noqa: T201
    assert seen.answers == 20
    assert (seen.answers_without_sync, seen.unsynced_answers) == (0, 0)


def _until_it_says(file: Path, words: str) -> None:
    deadline = time.monotonic() + 30
    while not file.exists() or words not in file.read_text(encoding="utf-8", errors="replace"):
        assert time.monotonic() < deadline, f"{file.name} never said {words!r}"
        time.sleep(0.1)


class Disk:
    """A file system of 2 MiB in memory: small enough to fill, and its own to remount."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Take what room there is, to the last octet."""
        with contextlib.suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def make_room(self) -> None:
        self._ballast.unlink()

    def forbid_writing(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def accepted(built: Lab) -> Counter[str | None]:
    return Counter(entry.text for entry in built.network.journal.accepted)


def state(daemon: Daemon, message: int) -> str:
    (row,) = daemon.rows("SELECT state FROM message WHERE id = ?", message)
    return str(row["state"])


async def test_a_disk_that_fills_up_under_way(tmp_path: Path, disk: Disk) -> None:
    """Filled while a part is on the air: submits are refused and told why, the answer is kept in memory and nothing else is
    claimed; with room again it is journaled, the rest goes out, each once, in the same process."""
    async with lab(tmp_path / "lab", modems=1, send_latency_s=3.0) as built:
        daemon = Daemon(disk.folder, ports(built))
        daemon.log = tmp_path / "modemd.log"
        with daemon.running():
            rows = [("+33612345678", text, "transactional") for text in ("first", "second")]
            done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
            assert done.returncode == 0, done.stderr
            await until(lambda: bool(daemon.rows("SELECT 1 FROM attempt WHERE outcome = 'open'")), "one is on the air")
            disk.fill()
            await until(lambda: accepted(built) == Counter(["first"]), "the network has it")
            await until(lambda: "outcome not kept yet" in daemon.log.read_text(encoding="utf-8"), "the answer came")
            refused = await off_loop(daemon.cli, "send", "--to", "+33612345678", "--text", "too much " * 3000)
            assert (refused.returncode, refused.stdout) == (1, "")
            assert refused.stderr.startswith("modemd: the disk is full: make room")
            assert refused.stderr.count("\n") == 1
            told = await off_loop(daemon.json, "status")
            assert (told["can_send"], told["trouble"]["code"]) == (False, "disk_full")
            await asyncio.sleep(5)
            assert accepted(built) == Counter(["first"]), "nothing is sent while nothing can be journaled"
            assert state(daemon, 1) == "sending"
            disk.make_room()
            await until(lambda: state(daemon, 1) == state(daemon, 2) == "delivered", "all goes on", 30)
            done = await off_loop(daemon.cli, "send", "--to", "+33612345678", "--text", "third")
            assert done.stdout == "message 3 queued (1 part)\n", "what was refused left nothing"
            await until(lambda: state(daemon, 3) == "delivered", "it takes new ones")
            told = await off_loop(daemon.json, "status")
            assert (told["can_send"], told["trouble"]) == (True, None)
        assert accepted(built) == Counter(["first", "second", "third"])


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a command that failed has said: one line, and nothing else."""
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("modemd: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


WRITERS = [
    pytest.param(["run"], id="run"),
    pytest.param(["send", "--to", "+33612345678", "--text", "hello"], id="send"),
]
FACES = [*WRITERS, pytest.param(["status"], id="status")]


@pytest.mark.parametrize("command", WRITERS)
def test_a_full_disk_at_the_start(disk: Disk, command: list[str]) -> None:
    """Where not even the log's index finds room it is a full disk that is told, not an I/O error."""
    daemon = Daemon(disk.folder, [disk.folder / "nothing"])
    daemon.make_database()
    assert daemon.cli("send", "--to", "+33612345678", "--text", "kept").returncode == 0
    disk.fill()
    assert "the disk is full: make room" in one_line(daemon.cli(*command))
    assert daemon.json("status")["waiting"][0]["messages"] == 1  # reading needs no room
    disk.make_room()
    assert [message["text"] for message in daemon.json("messages")] == ["kept"]


@pytest.mark.parametrize("command", WRITERS)
def test_a_read_only_disk_at_the_start(disk: Disk, command: list[str]) -> None:
    """It is said that it is read-only, and what to look at."""
    daemon = Daemon(disk.folder, [disk.folder / "nothing"])
    daemon.make_database()
    assert daemon.cli("send", "--to", "+33612345678", "--text", "kept").returncode == 0
    disk.forbid_writing()
    assert "the database is read-only: check the mount" in one_line(daemon.cli(*command))
    assert daemon.json("status")["waiting"][0]["messages"] == 1


@pytest.mark.parametrize("command", FACES)
def test_a_damaged_database_at_the_start(tmp_path: Path, command: list[str]) -> None:
    """One line with the place of the copy, and no second copy however often a supervisor starts it."""
    daemon = Daemon(tmp_path, [tmp_path / "nothing"])
    daemon.make_database()
    assert daemon.cli("send", "--to", "+33612345678", "--text", "kept").returncode == 0
    with daemon.database.open("r+b") as file:
        file.seek(100)
        file.write(Random(1).randbytes(4096))
    before = daemon.database.read_bytes()
    for _ in range(2):
        assert "the database is damaged" in one_line(daemon.cli(*command))
    copies = list(tmp_path.glob("modemd.db.damaged-????????"))
    if command == ["status"]:  # which reads, and makes nothing
        assert copies == []
        return
    (copy,) = copies
    assert copy.read_bytes() == daemon.database.read_bytes() == before


@pytest.mark.parametrize("command", FACES)
def test_a_newer_database_is_refused(tmp_path: Path, command: list[str]) -> None:
    """A database that a newer modemd has written is left alone."""
    daemon = Daemon(tmp_path, [tmp_path / "nothing"])
    daemon.make_database()
    assert daemon.cli("send", "--to", "+33612345678", "--text", "kept").returncode == 0
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 9999')"
    subprocess.run([sys.executable, "-c", code, daemon.database], check=True)
    assert "written by a newer modemd (schema 9999" in one_line(daemon.cli(*command))


async def test_damage_that_a_running_daemon_meets_ends_it(tmp_path: Path) -> None:
    """It sends nothing more by a database that it cannot rely on: it ends with the reason as its last line, and status 1; the
    next start keeps a copy."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        await off_loop(daemon.make_database)
        await off_loop(daemon.cli, "send", "--to", "+33612345678", "--text", "kept")
        with daemon.database.open("r+b") as file:
            file.seek(4096)
            file.write(Random(3).randbytes(daemon.database.stat().st_size - 4096))
        daemon.start()
        status = await off_loop(daemon.wait)
        last = daemon.log.read_text(encoding="utf-8").splitlines()[-1]
        assert status == 1
        assert "the database is damaged" in last
        assert "Traceback" not in daemon.log.read_text(encoding="utf-8")
        assert accepted(built) == Counter()
