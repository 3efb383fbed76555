"""What the doctor says of the machine round the modems: database, disk, clock, configuration."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.config import Settings
from modemd.doctor import Code, Finding, machine
from modemd.doctor.machine import DiskSpace, check_clock, check_database, check_disk, disk_space_of
from modemd.doctor.rights import User
from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.schema import VERSION, migrate
from tests.doctor.bench import NOW, STRANGER, Bench, codes, found
from tests.doctor.conftest import Doctor


def filled(path: Path, moment: object = NOW) -> None:
    """A database in which something was stored at this moment."""
    connection = connect(path)
    migrate(connection)
    connection.execute("INSERT INTO event (at, what, detail) VALUES (?, 'tested', '{}')", (moment.isoformat(),))  # type: ignore[attr-defined]
    connection.close()


def test_everything_is_fine(doctor: Doctor) -> None:
    """Database, disk and clock are said to be fine; a database that is not there yet is no trouble, and is not made."""

    async def visit(bench: Bench) -> None:
        report = await bench.examine()
        assert {Code.CLOCK_FINE, Code.DISK_FINE, Code.DATABASE_FINE} <= set(codes(report))
        assert "the first start creates it" in found(report, Code.DATABASE_FINE).what
        assert sorted(each.name for each in bench.folder.iterdir()) == ["modem0", "proc"]

    doctor(visit)


def test_a_database_of_another_user(doctor: Doctor) -> None:
    """The advice says whose it is."""

    async def visit(bench: Bench) -> None:
        filled(bench.database)
        bench.change(user=STRANGER)
        report = await bench.examine()
        finding = found(report, Code.DATABASE_NO_PERMISSION)
        assert finding.what.startswith(f"visitor may not write {bench.database}")
        assert f"`sudo chown {finding.what.split()[0]}: {bench.database}*`" in finding.remedy
        assert not report.modem_ready

    doctor(visit)


def test_the_installed_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with modemd's user, the remedy names that user, and not a word to be replaced."""
    monkeypatch.setattr(machine, "has_user", lambda name: True)
    settings = Settings.model_validate({"database": tmp_path / "modemd.db"})
    filled(settings.database)
    daemon = User("modemd", 3_999_999, frozenset())
    finding = check_database(settings, daemon, running=False, proc=tmp_path)
    assert finding.code is Code.DATABASE_NO_PERMISSION
    assert f"`sudo chown modemd: {tmp_path}" in finding.remedy


def test_a_database_that_a_daemon_uses(tmp_path: Path) -> None:
    """While a daemon runs, it does not matter whether the user who asks may write its database."""
    settings = Settings.model_validate({"database": tmp_path / "modemd.db"})
    filled(settings.database)
    assert check_database(settings, STRANGER, running=True, proc=tmp_path).code is Code.DATABASE_FINE
    below = Settings.model_validate({"database": tmp_path / "modemd.db" / "below"})
    assert check_database(below, STRANGER, running=True, proc=tmp_path).code is Code.DATABASE_FINE


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_a_database_that_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A folder or a pipe in its place is told; nothing waits for the other end of the pipe."""
    settings = Settings.model_validate({"database": tmp_path / "modemd.db"})
    make(settings.database)
    root = User("root", os.geteuid(), frozenset())
    finding = check_database(settings, root, running=False, proc=tmp_path)
    assert (finding.code, "correct `database`" in finding.what) == (Code.DATABASE_UNUSABLE, True)
    assert check_clock(settings, NOW).code is Code.CLOCK_FINE


def test_a_locked_database(doctor: Doctor) -> None:
    """Another process writes, and no daemon answers: who it is, if it can be seen."""

    async def visit(bench: Bench) -> None:
        filled(bench.database)
        bench.lock.touch()
        bench.process(99, "modemd", str(bench.lock))
        with bench.lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            report = await bench.examine()
        assert found(report, Code.DATABASE_LOCKED).what.endswith(": modemd (process 99)")
        assert not report.modem_ready
        assert Code.DATABASE_FINE in codes(await bench.examine())

    doctor(visit)


def test_a_damaged_database(doctor: Doctor) -> None:
    """The advice leads to the backup; no copy is made, which is the daemon's to do."""

    async def visit(bench: Bench) -> None:
        bench.database.write_bytes(b"no database at all" * 100)
        report = await bench.examine()
        assert "A damaged database" in found(report, Code.DATABASE_DAMAGED).remedy
        assert not report.modem_ready
        assert list(bench.folder.glob("*.damaged-*")) == []

    doctor(visit)


def test_a_database_of_a_newer_modemd(doctor: Doctor) -> None:
    """The advice is to upgrade."""

    async def visit(bench: Bench) -> None:
        connection = connect(bench.database)
        migrate(connection)
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("CREATE TABLE later (id)")
        connection.close()
        report = await bench.examine()
        assert found(report, Code.DATABASE_NEWER).remedy == "upgrade modemd"
        assert not report.modem_ready

    doctor(visit)


def test_a_database_of_another_program(doctor: Doctor) -> None:
    """The daemon will refuse it, and the doctor says so."""

    async def visit(bench: Bench) -> None:
        connection = connect(bench.database)
        connection.execute("CREATE TABLE note (text)")
        connection.close()
        report = await bench.examine()
        assert "is no database of modemd" in found(report, Code.DATABASE_UNUSABLE).what
        assert not report.modem_ready

    doctor(visit)


def test_a_database_that_is_none(doctor: Doctor) -> None:
    """A folder in its place: told as the system tells it."""

    async def visit(bench: Bench) -> None:
        bench.database.mkdir()
        report = await bench.examine()
        assert found(report, Code.DATABASE_UNUSABLE).remedy
        assert not report.modem_ready

    doctor(visit)


@pytest.mark.parametrize(
    ("room", "code"),
    [
        pytest.param(DiskSpace(free=0), Code.DISK_FULL, id="full"),
        pytest.param(DiskSpace(free=10**9, files=0), Code.DISK_FULL, id="no file left"),
        pytest.param(DiskSpace(free=50 * 1024**2), Code.DISK_LOW, id="nearly full"),
        pytest.param(DiskSpace(free=10**9, read_only=True), Code.DISK_READ_ONLY, id="read-only"),
        pytest.param(DiskSpace(free=10**9), Code.DISK_FINE, id="roomy"),
    ],
)
def test_the_disk(doctor: Doctor, room: DiskSpace, code: Code) -> None:
    """A disk that takes nothing lets no message pass; one that soon will not is a warning."""

    async def visit(bench: Bench) -> None:
        bench.change(disk_space=lambda folder: room)
        report = await bench.examine()
        finding = found(report, code)
        assert str(bench.database) in finding.what
        assert report.modem_ready is (code in (Code.DISK_LOW, Code.DISK_FINE))
        assert bool(finding.remedy) is (code is not Code.DISK_FINE)

    doctor(visit)


def test_the_disk_of_this_machine_is_looked_at(tmp_path: Path) -> None:
    """A folder that is not there yet is on the disk of the one above it."""
    room = disk_space_of(tmp_path)
    assert room.free > 0
    assert check_disk(tmp_path / "not" / "yet" / "modemd.db", disk_space_of).code in (Code.DISK_FINE, Code.DISK_LOW)


def test_a_clock_behind_the_database(doctor: Doctor) -> None:
    """A machine without a battery wakes in the past: told with the advice; messages may pass all the same."""

    async def visit(bench: Bench) -> None:
        filled(bench.database, NOW + timedelta(days=30))
        report = await bench.examine()
        finding = found(report, Code.CLOCK_WRONG)
        assert "2026-12-22" in finding.what
        assert "timedatectl set-ntp true" in finding.remedy
        assert report.modem_ready

    doctor(visit)


def test_a_clock_that_the_network_contradicts(doctor: Doctor) -> None:
    """A modem whose clock the network sets knows better; one whose clock nobody set says nothing."""

    async def visit(bench: Bench) -> None:
        past = NOW - timedelta(days=400)
        bench.change(now=lambda: past)
        assert Code.CLOCK_FINE in codes(await bench.examine())
        bench.answers[b"AT+CTZU?"] = b"+CTZU: 1"
        assert "the network says" in found(await bench.examine(), Code.CLOCK_WRONG).what

    doctor(visit, family="generic")


def test_without_a_configuration(doctor: Doctor) -> None:
    """What is plugged in is looked at all the same."""

    async def visit(bench: Bench) -> None:
        bench.plug_as_files()
        missing = Finding.of(Code.CONFIG_MISSING, path="/etc/modemd/modemd.yaml")
        bench.change(settings=None, earlier_findings=(missing,))
        report = await bench.examine()
        assert codes(report)[0] is Code.CONFIG_MISSING
        assert report.modem_ready
        assert not {Code.DISK_FINE, Code.DATABASE_FINE} & set(codes(report))

    doctor(visit, family="quectel_ec25")


def test_the_doctor_writes_nothing(tmp_path: Path, doctor: Doctor) -> None:
    """The database is the same octets after the visit, also one that a kill left with its log."""

    async def visit(bench: Bench) -> None:
        filled(bench.database)
        connection = connect(bench.database)
        said = ConsentStatement("+33612345678", opts_in=False, keyword="stop", language="en", channel="sms")
        statements.apply_statement(connection, said, NOW)
        before = bench.database.read_bytes(), bench.log.read_bytes()
        assert Code.DATABASE_FINE in codes(await bench.examine())
        assert (bench.database.read_bytes(), bench.log.read_bytes()) == before
        connection.close()

    doctor(visit)


def test_the_doctor_leaves_no_files(doctor: Doctor) -> None:
    """Neither a log nor an index beside a database that was let go well."""

    async def visit(bench: Bench) -> None:
        filled(bench.database)
        before = sorted(bench.folder.iterdir())
        assert Code.DATABASE_FINE in codes(await bench.examine())
        assert sorted(bench.folder.iterdir()) == before

    doctor(visit)


def test_a_daemon_that_runs_has_the_database(doctor: Doctor) -> None:
    """Its lock is no trouble then."""

    async def visit(bench: Bench) -> None:
        assert bench.world.settings is not None
        filled(bench.database)
        lock = os.open(f"{bench.database}.lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        given = bench.world.settings, bench.world.user
        assert check_database(*given, running=True, proc=bench.proc).code is Code.DATABASE_FINE
        assert check_database(*given, running=False, proc=bench.proc).code is Code.DATABASE_LOCKED
        os.close(lock)

    doctor(visit)
