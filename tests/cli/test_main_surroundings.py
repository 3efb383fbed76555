"""Hostile surroundings: whatever is missing, full, closed or forbidden, a command ends with a line that a person can read."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from modemd.cli.main import commands
from tests.cli.conftest import SMALLEST, make_database
from tests.cli.shell import Ended, Job, run_all

NOBODY, NAMELESS = 65534, 3_999_999
# What each command needs to get past its arguments. {config} and {folder} are filled in.
CONFIG = ("--config", "{config}")
LAB = ("--dir", "{folder}/lab")
WHY = ("--why", "a test")
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "run": CONFIG,
    "send": (*CONFIG, "--to", "+33612345678", "--text", "hello"),
    "settle": (*CONFIG, "1", "sent", *WHY),
    "resend": (*CONFIG, "1", *WHY),
    "cancel": (*CONFIG, "1", *WHY),
    "pause": (*CONFIG, *WHY),
    "resume": (*CONFIG, *WHY),
    "sims admit": (*CONFIG, "8933010000000000010"),
    "schedules add": (*CONFIG, "x", "--to", "+33612345678", "--text", "hello", "--cron", "0 9 * * *"),
    "schedules pause": (*CONFIG, "x"),
    "schedules remove": (*CONFIG, "x"),
    "schedules resume": (*CONFIG, "x"),
    "schedules show": (*CONFIG, "x"),
    "backup": (*CONFIG, "{folder}/copy.db"),
    "restore": (*CONFIG, "{config}"),
    "release": (*CONFIG, *WHY),
    "ussd": (*CONFIG, "--modem", "west", "*100#"),
    "undo-optout": (*CONFIG, "+33612345678", *WHY),
    "explain": (*CONFIG, "1"),
    "drivers show": ("generic",),
    "drivers suggest": ("--port", "{folder}/port"),
    "install": ("--dry-run",),
    "emulate": (*LAB, "--modems", "1"),
    "fault": (*LAB, "modem0", "silent"),
    "record": ("--port", "{folder}/port", "{folder}/capture"),
    "demo": ("--seconds", "1"),
    "pdu decode": ("00",),
    "pdu encode": ("--to", "+33612345678", "--text", "hello"),
    "pdu plan": ("--text", "hello"),
    "completion": ("bash",),
}
# These run until they are told to end, wherever nothing stops them; what stops them is tested by name below.
LONG = ("run", "emulate", "demo")

# Each walk starts many processes.
pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(group, **group.context_settings)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group) and name != "phone":
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name))


COMMANDS = [command for command in leaves(commands) if command != "phone"]


def job(command: str, folder: Path, **surroundings: Any) -> Job:
    """A command with arguments that let it begin."""
    config = folder / "modemd.yaml"
    own = [word.format(config=config, folder=folder) for word in ARGUMENTS.get(command, ())]
    if command not in ARGUMENTS and takes_config(command):
        own = ["--config", str(config)]
    return Job([*command.split(), *own], **surroundings)


def takes_config(command: str) -> bool:
    called: click.Command = commands
    for name in command.split():
        assert isinstance(called, click.Group)
        found = called.get_command(click.Context(called, **called.context_settings), name)
        assert found is not None
        called = found
    return any("--config" in each.opts for each in called.params)


def assert_readable(jobs: list[Job]) -> list[Ended]:
    """Runs the jobs: no traceback, no word of Python's own, no hang, and each error is one line that says who speaks."""
    done = run_all(jobs)
    for each, ended in zip(jobs, done, strict=True):
        said = f"{each.arguments}: {ended}"
        assert "Traceback" not in ended.err + ended.out, said
        assert "Exception ignored" not in ended.err, said
        assert "a mistake in modemd" not in ended.err, said
        assert ended.status in (0, 1, 2), said
        assert not ended.err or ended.err.endswith("\n"), said
        assert ended.status == 0 or ended.out or ended.err or each.stdout, said
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that every user may enter, with a configuration and a database that only its owner may use."""
    for each in [*[*tmp_path.parents][:-1], tmp_path]:
        each.chmod(each.stat().st_mode | stat.S_IXOTH)
    (tmp_path / "modemd.yaml").write_text(SMALLEST, encoding="utf-8")
    asyncio.run(make_database(tmp_path / "modemd.db"))
    return tmp_path


def use(folder: Path, text: str) -> None:
    (folder / "modemd.yaml").write_text(f"{text}\nmodems: [{{name: west, port: modem0}}]\n", encoding="utf-8")


ENDING = [command for command in COMMANDS if command not in LONG]
"""The commands that end by themselves."""


DOORS = ("doctor", "backup", "restore", "send", "status", "config check")
"""A command of each kind that reads the configuration, and opens the database."""


def test_every_command_is_called() -> None:
    """The walk meets every command, and calls it with arguments that it takes."""
    assert len(COMMANDS) > 40
    assert set(ARGUMENTS) <= set(COMMANDS)


def test_output_that_goes_nowhere(folder: Path) -> None:
    """A full disk or a closed stdout is one line, and the status is 1 for what had something to say."""
    full = assert_readable([job(command, folder, stdout="/dev/full") for command in ENDING])
    failed = {command for command, ended in zip(ENDING, full, strict=True) if "standard output: " in ended.err}
    assert {"status", "messages", "help", "pdu plan", "completion", "send"} <= failed
    assert all(ended.status == 1 for command, ended in zip(ENDING, full, strict=True) if command in failed)
    speaking = ("status", "send", "help", "config check")
    closed = assert_readable([job(command, folder, stdout="closed") for command in speaking])
    assert all("standard output: Bad file descriptor" in ended.err and ended.status == 1 for ended in closed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_without_any_right(folder: Path) -> None:
    """Who may read neither configuration nor database is told whose they are; also without HOME, and without a name."""
    for closed in (folder / "modemd.yaml", folder / "modemd.db"):
        closed.chmod(0o600)
        strangers = [job(command, folder, uid=NOBODY) for command in (*ENDING, "run")]
        strangers += [job(command, folder, uid=NAMELESS) for command in DOORS]
        done = assert_readable(strangers)
        told = [ended.err for each, ended in zip(strangers, done, strict=True) if each.arguments[0] == "status"]
        assert len(told) == 2
        assert all("belongs to root and group root; use sudo -u root" in line for line in told)
        closed.chmod(0o644)


@pytest.mark.parametrize(
    "database",
    [
        pytest.param("database: .", id="a folder"),
        pytest.param("database: pipe", id="a pipe"),
        pytest.param("database: modemd.yaml", id="another file"),
        pytest.param("database: none/modemd.db", id="a missing folder"),
        pytest.param("database: modemd.yaml/modemd.db", id="below a file"),
        pytest.param('database: "x\\0.db"', id="a zero"),
        pytest.param("database: /proc/modemd.db", id="where no file can be"),
        pytest.param(f"database: {'x' * 300}.db\nsocket: s", id="a name too long"),
        pytest.param("database: /dev/null", id="a device"),
        pytest.param("socket: .", id="no database"),
        pytest.param("database: modemd.db\nsocket: .", id="a socket that is a folder"),
        pytest.param("database: modemd.db\nsocket: none/s", id="a socket in no folder"),
        pytest.param("database: modemd.db\ndrivers: modemd.yaml", id="drivers that are a file"),
    ],
)
def test_paths_that_lead_elsewhere(folder: Path, database: str) -> None:
    """Whatever stands in the place of the database, the socket or the drivers, each command says so and makes nothing there."""
    os.mkfifo(folder / "pipe")
    use(folder, database)
    before = {path.name for path in folder.iterdir()}
    assert_readable([job(command, folder) for command in DOORS])
    for made in ("copy.db", "copy.db.key"):
        (folder / made).unlink(missing_ok=True)
    assert {
        path.name for path in folder.iterdir() if ".lock" not in path.name and ".damaged-" not in path.name
    } <= before


@pytest.mark.parametrize("database", ["database: .", "database: pipe", "database: none/x.db", "database: /proc/x.db"])
def test_the_daemon_does_not_start_there(folder: Path, database: str) -> None:
    """`modemd run` ends with a line and makes no folder."""
    os.mkfifo(folder / "pipe")
    use(folder, database)
    (ended,) = assert_readable([job("run", folder)])
    assert ended.status == 1
    assert "`database`" in ended.err or "may not use it" in ended.err or "check the path" in ended.err


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00binary", b"[1, 2", b"database: [a"])
def test_configurations_that_cannot_be_read(folder: Path, content: bytes | None) -> None:
    """A folder in the place of the configuration, a binary file, an empty one, half a one: a line, and the status 2."""
    (folder / "modemd.yaml").unlink()
    if content is None:
        (folder / "modemd.yaml").mkdir()
    else:
        (folder / "modemd.yaml").write_bytes(content)
    done = assert_readable([job(command, folder) for command in DOORS])
    assert {ended.status for ended in done[1:]} == {2}


def test_a_lab_that_cannot_be(folder: Path) -> None:
    """An emulator in a folder that cannot be made, or of a file, ends with a line."""
    places = ("/proc/lab", str(folder / "modemd.yaml"), str(folder / "modemd.yaml" / "lab"), "x" * 300)
    jobs = [Job(["emulate", "--dir", place]) for place in places]
    done = assert_readable(jobs)
    assert {ended.status for ended in done} <= {1, 2}
    assert_readable([Job(["phone", "--dir", "/proc", "123", "inbox"]), Job(["fault", "--dir", "/proc", "m", "silent"])])


def test_a_plain_terminal_without_home_and_folder(folder: Path) -> None:
    """In the C locale, without HOME, and in a folder that somebody has removed, every command does its work, or says that the
    folder is gone; also with arguments that are no text."""
    jobs = []
    for index, command in enumerate(ENDING):
        gone = str(_made(folder / f"gone{index}"))
        jobs.append(job(command, folder, cwd=gone, encoding="ascii", environment={"LC_ALL": "C"}))
    odd = [Job(["send", "--config", str(folder / "modemd.yaml"), "--to", "+33612345678", "--text", "\udcff"])]
    odd += [Job(["explain", "\udcff", "--config", "\udcff"]), Job(["\udcff"]), Job(["help", "\udcff"])]
    assert_readable([*jobs, *odd, Job(["status", "--config", "relative.yaml"], cwd=str(_made(folder / "last")))])


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
