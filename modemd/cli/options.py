"""Options that several commands share."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import click

config_file = click.option(
    "--config", "config", required=True, type=click.Path(path_type=Path), help="The configuration file."
)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


limit = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=0), help="How many; 0 means all."
)


valid = click.option("--valid", help="How long it is worth sending: 90s, 5min, 2h, 3d; else as its class has it.")


window = click.option("--window", help="The hours in which it may begin, in the configured time zone: 09:00-18:00.")


emulator_directory = click.option(
    "--dir", "directory", required=True, type=click.Path(path_type=Path), help="The folder of the emulator."
)


def _user() -> str:
    """Who types: the account of this process, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def authorship_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every decision."""
    by = click.option("--by", default=_user, help="Who decides; the user of this shell where it is not said.")
    why = click.option("--why", required=True, help="Why; it is kept with the message.")
    return why(by(command))
