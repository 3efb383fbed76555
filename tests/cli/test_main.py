"""How commands are found, and how errors end: one line on stderr, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from modemd import __version__
from modemd.cli.main import commands
from tests.cli.shell import Modemd

HEAVY = ("fastapi", "sqlite_utils", "yaml", "phonenumbers")
VERSION_AND_MODULES = f"""
import sys
from modemd.cli.main import main
sys.argv = ["modemd", "--version"]
try:
    main()
except SystemExit:
    print([name for name in {HEAVY} if name in sys.modules])
"""


def test_the_version(modemd: Modemd) -> None:
    """`modemd --version` says which, and ends with 0."""
    ended = modemd("--version")
    assert (ended.status, ended.out) == (0, f"modemd, version {__version__}\n")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command(modemd: Modemd, option: str) -> None:
    """Help is a wish that is fulfilled: stdout, and 0. Each command is in it with a line of its own."""
    ended = modemd(option)
    assert (ended.status, ended.err) == (0, "")
    listed = [line.split()[0] for line in ended.out.split("Commands:\n")[1].splitlines()]
    assert listed == commands.list_commands(click.Context(commands, **commands.context_settings))


@pytest.mark.parametrize(
    "arguments", [(), ("config",), ("pdu",)], ids=lambda arguments: " ".join(arguments) or "nothing"
)
def test_no_command_is_wrong_usage(modemd: Modemd, arguments: tuple[str, ...]) -> None:
    """Where a command is missing its list goes to stderr, and the status is 2."""
    ended = modemd(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"Usage: {' '.join(('modemd', *arguments))} ")
    assert "Commands:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param(("frob",), "modemd: modemd: No such command 'frob'.", id="unknown command"),
        pytest.param(("config", "frob"), "modemd: modemd config: No such command 'frob'.", id="unknown below"),
        pytest.param(("--frob",), "modemd: modemd: No such option '--frob'.", id="unknown option"),
        pytest.param(("status",), "modemd: modemd status: Missing option '--config'.", id="no configuration"),
        pytest.param(("messages", "--config", "FILE", "--limit", "-1"), "x>=0", id="bad limit"),
        pytest.param(("messages", "--config", "FILE", "--state", "lost"), "'lost' is not one of", id="bad state"),
        pytest.param(("send", "--config", "FILE", "--class", "system"), "'system' is not one of", id="bad class"),
        pytest.param(("status", "--config", "FILE", "more"), "unexpected extra argument", id="too many"),
    ],
)
def test_wrong_usage_is_one_line(modemd: Modemd, arguments: tuple[str, ...], line: str) -> None:
    """A wrong call ends with 2 and one line that names the command."""
    ended = modemd(*arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err


def test_a_missing_configuration_is_wrong_usage(modemd: Modemd, tmp_path: Path) -> None:
    """A file that is not there is told with its name."""
    ended = modemd("status", "--config", str(tmp_path / "none.yaml"))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "none.yaml" in ended.err


def test_every_mistake_of_a_configuration_has_a_line(modemd: Modemd, config: Path) -> None:
    """All mistakes are told at once, one a line, and the status is 2."""
    config.write_text("database: x.db\ndatabse: y\nmodems:\n  - name: west\n    port: p\n    rate: fast\n", "utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.out) == (2, "")
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["modemd", "modemd"]
    assert "modemd.yaml:6:11: modems[0].rate" in ended.err


def test_a_good_configuration_has_no_mistakes(modemd: Modemd) -> None:
    """`config check` ends with 0 and says what it read."""
    ended = modemd("config", "check", "--config", "FILE")
    assert ended.status == 0
    assert ended.out.endswith("modemd.db: no mistakes\n")


@pytest.mark.parametrize(
    ("driver", "complaint"),
    [("nokia", "no driver 'nokia'; there are"), (None, "odd.toml: colour: unknown key")],
    ids=["a driver that is not there", "a driver file that is wrong"],
)
def test_a_wrong_driver_is_a_mistake(modemd: Modemd, config: Path, driver: str | None, complaint: str) -> None:
    """Drivers are part of what `config check` reads."""
    own = config.parent / "drivers"
    own.mkdir()
    text = config.read_text(encoding="utf-8") + f"drivers: {own}\n"
    if driver is None:
        (own / "odd.toml").write_text("colour = 1\n", encoding="utf-8")
    else:
        text = text.replace("port: modem0", f"port: modem0\n    driver: {driver}")
    config.write_text(text, encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert complaint in ended.err


def test_a_program_that_is_not_there_is_a_mistake(modemd: Modemd, config: Path) -> None:
    """An alarm that nobody hears of is worth nothing: `config check` looks whether the command can be run."""
    config.write_text(config.read_text(encoding="utf-8") + "alarms: {command: [/nonexistent/tell]}\n", encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert ended.err.endswith("alarms.command: /nonexistent/tell: No such file or directory\n")


def test_every_wrong_driver_is_reported(modemd: Modemd, config: Path) -> None:
    """`config check` has a line for each file with a mistake."""
    own = config.parent / "drivers"
    own.mkdir()
    for name in ("odd", "odder"):
        (own / f"{name}.toml").write_text("colour = 1\n", encoding="utf-8")
    config.write_text(config.read_text(encoding="utf-8") + f"drivers: {own}\n", encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert ended.status == 2
    assert [line.partition(".toml")[0].rpartition("/")[2] for line in ended.err.splitlines()] == ["odd", "odder"]


def test_the_version_loads_nothing_else() -> None:
    """Commands are imported when they are called: `--version` needs neither database nor HTTP."""
    said = subprocess.run(
        [sys.executable, "-c", VERSION_AND_MODULES], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    assert said.splitlines()[1:] == ["[]"]
