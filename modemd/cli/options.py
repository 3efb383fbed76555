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
    "--limit", default=50, show_default=True, type=click.IntRange(min=0), help="The most rows to show; 0 means all."
)


valid = click.option(
    "--valid", help="How long a message is worth sending: 90s, 5min, 2h, 3d. Without it, the validity of its class."
)


window = click.option(
    "--window", help="The hours in which a message may be sent, in the configured time zone: 09:00-18:00."
)


emulator_directory = click.option(
    "--dir", "directory", required=True, type=click.Path(path_type=Path), help="The folder of the emulator."
)


def _user() -> str:
    """Returns the name of the account that runs this process, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def authorship_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--why` and `--by`, which every decision has."""
    by = click.option("--by", default=_user, help="Who decides. Without it, the user of this shell.")
    why = click.option("--why", required=True, help="The reason. It is stored.")
    return why(by(command))
