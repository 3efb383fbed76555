"""`modemd run`: the daemon, in the foreground."""

from __future__ import annotations

import asyncio
import faulthandler
from pathlib import Path

import click

from modemd import logs
from modemd.cli import options
from modemd.config import load


@click.command()
@options.config_file
def run(config: Path) -> None:
    """Run the daemon in the foreground, until SIGTERM or Ctrl-C. A second signal cuts what is on the air.

    SIGHUP has the configuration read again; what cannot be taken over before the next start is named in the log.
    """
    from modemd import daemon

    settings = load(config)
    logs.configure(settings.log_level)
    # A watchdog that bites does it with SIGABRT: the log then has where every thread stood.
    faulthandler.enable()
    asyncio.run(daemon.run(settings, lambda: load(config)))
