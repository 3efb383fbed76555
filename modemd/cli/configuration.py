"""`modemd config check`."""

from __future__ import annotations

from pathlib import Path

import click

from modemd import resources
from modemd.cli import options
from modemd.config import load
from modemd.errors import ConfigError
from modemd.profiles import Profiles


@click.group()
def config() -> None:
    """The configuration file."""


@config.command()
@options.config_file
def check(config: Path) -> None:
    """Check a configuration file, and the drivers it names. Every mistake is told, each with its place."""
    settings = load(config)
    profiles, problems = Profiles.checked([resources.folder("drivers"), settings.drivers])
    if profiles is None or problems:
        raise ConfigError(list(map(str, problems)))
    for modem in settings.modems:
        if modem.driver is not None:
            profiles.named(modem.driver)
    modems = f"{len(settings.modems)} modem(s)" if settings.modems else "all modems that are found"
    click.echo(f"{config}: {modems}, database {settings.database}: no mistakes")
