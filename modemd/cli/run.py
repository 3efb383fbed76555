"""`modemd run`: the daemon, in the foreground."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from modemd import logs
from modemd.cli import options
from modemd.config import load


@click.command()
@options.config_file
def run(config: Path) -> None:
    """Run the daemon in the foreground, until SIGTERM or Ctrl-C. A second signal cuts what is on the air."""
    from modemd import daemon

    settings = load(config)
    logs.configure(settings.log_level)
    asyncio.run(daemon.run(settings))
