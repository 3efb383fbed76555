"""`modemd consent subscribers`: who is on a list, and who has left it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.lists import fetch_list, print_list
from modemd.config import load


@options.command()
@options.config_file
@click.argument("name", metavar="LIST")
@options.limit
@options.as_json
def subscribers(config: Path, name: str, limit: int, as_json: bool) -> None:
    """List what each number has said about a list of subscribers."""
    settings = load(config)
    found = fetch_list(settings, f"/v1/consent/lists/{quote(name, safe='')}/subscribers", {"limit": limit})
    print_list(
        found,
        ("number", "state", "since"),
        as_json=as_json,
        none="nobody has said anything about this list",
        zone=settings.timezone,
    )
