"""`modemd`: the table of commands, loaded when they are called, and the entry point.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration; `send --wait` has 3 for not yet. An error is one line on
stderr.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import click

from modemd import __version__
from modemd.cli.options import LazyGroup
from modemd.cli.output import echo, printable
from modemd.cli.usage import explain
from modemd.errors import ConfigError, ModemdError, ProfileError

# command -> module under modemd.cli, function
_COMMANDS = {
    "run": ("daemon", "run"),
    "send": ("sending.send", "send"),
    "settle": ("messages", "settle"),
    "resend": ("messages", "resend"),
    "cancel": ("messages", "cancel"),
    "batches": ("sending.batches", "batches"),
    "pause": ("sims", "pause"),
    "resume": ("sims", "resume"),
    "pauses": ("sims", "pauses"),
    "sims": ("sims", "sims"),
    "status": ("status", "status"),
    "doctor": ("doctor", "doctor"),
    "alarms": ("status", "alarms"),
    "policies": ("sims", "policies"),
    "keys": ("access.keys", "keys"),
    "audit": ("access.keys", "audit"),
    "tls": ("access.tls", "tls"),
    "webhooks": ("http.webhooks", "webhooks"),
    "schedules": ("schedules", "schedules"),
    "backup": ("database", "backup"),
    "restore": ("database", "restore"),
    "release": ("database", "release"),
    "messages": ("messages", "messages"),
    "inbox": ("inbox", "inbox"),
    "thread": ("contacts", "thread"),
    "reply": ("contacts", "reply"),
    "erase": ("contacts", "erase"),
    "modems": ("modems", "modems"),
    "ussd": ("modems", "ussd"),
    "optouts": ("inbox", "opt_outs"),
    "undo-optout": ("inbox", "undo_opt_out"),
    "consent": ("consent.group", "consent"),
    "quiet-hours": ("consent.quiet_hours", "quiet_hours"),
    "reports": ("inbox", "reports"),
    "explain": ("messages", "explain"),
    "config": ("daemon", "config"),
    "drivers": ("drivers", "drivers"),
    "install": ("installation", "install"),
    "udev-rules": ("installation", "udev_rules"),
    "emulate": ("lab.emulator", "emulate"),
    "phone": ("lab.phone", "phone"),
    "fault": ("lab.emulator", "fault"),
    "record": ("drivers", "record"),
    "demo": ("lab.demo", "demo"),
    "pdu": ("pdu", "pdu"),
    "help": ("help", "help_"),
    "completion": ("help", "completion"),
}

# As the help shows them.
GROUPS = {
    "Sending": ("send", "messages", "explain", "cancel", "resend", "settle", "batches", "schedules", "reports"),
    "Receiving": ("inbox", "thread", "reply"),
    "Consent": ("consent", "optouts", "undo-optout", "quiet-hours", "erase"),
    "Modems and SIMs": ("modems", "sims", "ussd", "policies"),
    "The daemon": ("run", "status", "doctor", "alarms", "pause", "resume", "pauses", "backup", "restore", "release"),
    "Access by HTTP": ("keys", "audit", "tls", "webhooks"),
    "Setting up": ("install", "config", "drivers", "record", "udev-rules", "completion", "help"),
    "Trying and testing": ("demo", "emulate", "phone", "fault", "pdu"),
}


class Commands(LazyGroup):
    """The commands of modemd, which the help shows in groups."""

    table: ClassVar[Mapping[str, tuple[str, str]]] = _COMMANDS

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands into the help, a section for each group."""
        width = max(map(len, self.table))
        for heading, names in GROUPS.items():
            found = [(name, command) for name in names if (command := self.get_command(ctx, name)) is not None]
            rows = [
                (name.ljust(width), command.get_short_help_str(formatter.width - 6 - width)) for name, command in found
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="modemd")
def commands() -> None:
    """Send and receive SMS through USB GSM modems."""


def main() -> None:
    """Runs a command, and turns errors into one line on stderr and an exit status."""
    _open_closed_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries warn of is for developers, who say python -W
    try:
        # Without standalone mode click raises its errors instead of printing several lines, and returns exit codes.
        status = commands(prog_name="modemd", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        echo(error.format_message(), err=True)
        status = 2
    except click.ClickException as error:
        status = _fail(explain(error), 2)
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except ConfigError as error:
        for problem in error.problems:
            status = _fail(problem, 2)
    except ProfileError as error:
        status = _fail(error, 2)
    except ModemdError as error:
        status = _fail(error, 1)
    except BrokenPipeError:
        _drop_output()  # the reader of our output has ended: not an error of this program
        status = 1
    except OSError as error:
        _drop_output()
        status = _fail(_describe_os_error(error), 1)
    except Exception as error:
        _drop_output()
        status = _fail(_describe_mistake(error), 1)
    sys.exit(status)


def _fail(error: Exception | str, status: int) -> int:
    """Prints an error, and returns the exit status."""
    with contextlib.suppress(OSError):  # nobody can be told
        echo(f"modemd: {printable(str(error))}", err=True)
    return status


def _open_closed_streams() -> None:
    """Opens /dev/null for the standard streams that the caller has closed: a file that is opened later must not become one of
    them. Nothing can be written to such a stdout: a listing that nobody gets is an error."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _drop_output() -> None:
    """Sends to /dev/null what stdout still holds: Python would try to write it at the end, and report that in several lines."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stdout.flush()


def _describe_os_error(error: OSError) -> str:
    """Returns what the operating system refused, and where."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {reason}"
    if error.errno in (errno.ENOSPC, errno.EBADF, errno.EIO, errno.EFBIG):
        return f"standard output: {reason}; what the command did is done"
    if isinstance(error, FileNotFoundError):
        return f"{reason}: the current folder is gone"
    return reason


def _describe_mistake(error: Exception) -> str:
    """Returns the line for an error that modemd did not expect, with its place, so that it can be reported."""
    frames = traceback.extract_tb(error.__traceback__)
    place = next((frame for frame in reversed(frames) if "modemd" in frame.filename), frames[-1])
    return (
        f"a mistake in modemd: {type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno}); please report "
        "this line, and the command"
    )
