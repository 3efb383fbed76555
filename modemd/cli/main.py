"""`modemd`: the table of commands, loaded when they are called, and the entry point.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration; `send --wait` has 3 for not yet. An error is one line on
stderr.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from modemd import __version__
from modemd.cli.output import echo, printable
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
    "schedules": ("schedules", "schedules"),
    "backup": ("database", "backup"),
    "restore": ("database", "restore"),
    "release": ("database", "release"),
    "messages": ("messages", "messages"),
    "inbox": ("inbox", "inbox"),
    "modems": ("modems", "modems"),
    "ussd": ("modems", "ussd"),
    "optouts": ("inbox", "opt_outs"),
    "undo-optout": ("inbox", "undo_opt_out"),
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
}


class LazyCommands(click.Group):
    """Group of commands that are imported when they are called: `modemd --version` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, function = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"modemd.cli.{module}"), function)
        return command


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="modemd")
def commands() -> None:
    """Send and receive SMS through USB GSM modems."""


def main() -> None:
    """Runs a command, and turns errors into one line on stderr and an exit status."""
    try:
        # Without standalone mode click raises its errors instead of printing several lines, and returns exit codes.
        sys.exit(commands(prog_name="modemd", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        echo(error.format_message(), err=True)
        sys.exit(2)
    except click.ClickException as error:
        where = f"{error.ctx.command_path}: " if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(f"{where}{error.format_message()}", 2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except ConfigError as error:
        for problem in error.problems:
            echo(f"modemd: {printable(problem)}", err=True)
        sys.exit(2)
    except ProfileError as error:
        _fail(error, 2)
    except ModemdError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has ended: not an error of this program
        sys.exit(1)


def _fail(error: Exception | str, status: int) -> NoReturn:
    echo(f"modemd: {printable(str(error))}", err=True)
    sys.exit(status)
