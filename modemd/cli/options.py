"""Options that several commands share."""

from __future__ import annotations

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
