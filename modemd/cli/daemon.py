"""`modemd run`: the daemon, in the foreground."""

from __future__ import annotations

import asyncio
import faulthandler
from pathlib import Path

import click

from modemd import logs, resources
from modemd.cli import options
from modemd.config import load
from modemd.errors import ConfigError
from modemd.profiles import Profiles


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


@click.group()
def config() -> None:
    """The configuration file."""


@config.command()
@options.config_file
def check(config: Path) -> None:
    """Check a configuration file, and the drivers it names. Every mistake is told, each with its place."""
    settings = load(config)
    profiles, problems = Profiles.load_with_errors([resources.folder("drivers"), settings.drivers])
    if profiles is None or problems:
        raise ConfigError(list(map(str, problems)))
    for modem in settings.modems:
        if modem.driver is not None:
            profiles.find_by_name(modem.driver)
    modems = f"{len(settings.modems)} modem(s)" if settings.modems else "all modems that are found"
    click.echo(f"{config}: {modems}, database {settings.database}: no mistakes")
