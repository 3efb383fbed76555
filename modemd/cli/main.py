"""`modemd`: its commands, loaded when they are called, and how errors end.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration. Errors are one line on stderr.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from modemd import __version__
from modemd.errors import ConfigError, ModemdError, ProfileError

# command -> module under modemd.cli, function
_COMMANDS = {
    "run": ("run", "run"),
    "send": ("send", "send"),
    "settle": ("decisions", "settle"),
    "resend": ("decisions", "resend"),
    "cancel": ("decisions", "cancel"),
    "pause": ("pausing", "pause"),
    "resume": ("pausing", "resume"),
    "sims": ("sims", "sims"),
    "status": ("listings", "status"),
    "doctor": ("doctor", "doctor"),
    "alarms": ("household", "alarms"),
    "schedules": ("schedules", "schedules"),
    "backup": ("household", "backup"),
    "restore": ("household", "restore"),
    "release": ("household", "release"),
    "messages": ("listings", "messages"),
    "inbox": ("listings", "inbox"),
    "modems": ("listings", "modems"),
    "ussd": ("ussd", "ussd"),
    "optouts": ("listings", "opt_outs"),
    "reports": ("listings", "reports"),
    "explain": ("listings", "explain"),
    "config": ("configuration", "config"),
    "drivers": ("drivers", "drivers"),
    "install": ("install", "install"),
    "udev-rules": ("udev", "udev_rules"),
    "emulate": ("emulation", "emulate"),
    "phone": ("phone", "phone"),
    "fault": ("emulation", "fault"),
    "record": ("recording", "record"),
    "demo": ("demo", "demo"),
    "pdu": ("codec", "pdu"),
}


class Commands(click.Group):
    """A group whose commands are imported when they are called: `modemd --version` imports nothing else."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, function = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"modemd.cli.{module}"), function)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="modemd")
def commands() -> None:
    """An on-premise SMS server for USB GSM modems."""


def main() -> None:
    """The entry point: runs a command, and turns errors into a line and an exit status."""
    try:
        # Without standalone mode click raises what it would print on several lines, and hands over exit codes.
        sys.exit(commands(prog_name="modemd", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)  # noqa: T201 - a person reads it
        sys.exit(2)
    except click.ClickException as error:
        where = f"{error.ctx.command_path}: " if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(f"{where}{error.format_message()}", 2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except ConfigError as error:
        for problem in error.problems:
            print(f"modemd: {problem}", file=sys.stderr)  # noqa: T201 - a person reads it
        sys.exit(2)
    except ProfileError as error:
        _fail(error, 2)
    except ModemdError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, which is no error of ours
        sys.exit(1)


def _fail(error: Exception | str, status: int) -> NoReturn:
    print(f"modemd: {error}", file=sys.stderr)  # noqa: T201 - a person reads it
    sys.exit(status)
