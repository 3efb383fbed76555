"""`modemd config check`."""

from __future__ import annotations

from pathlib import Path

import click

from modemd import data
from modemd.cli import options
from modemd.config import load
from modemd.profiles import Profiles


@click.group()
def config() -> None:
    """The configuration file."""


@config.command()
@options.config_file
def check(config: Path) -> None:
    """Check a configuration file, and the drivers it names. Every mistake is told, each with its place."""
    settings = load(config)
    profiles = Profiles.load([data.folder("drivers"), settings.drivers])
    for modem in settings.modems:
        if modem.driver is not None:
            profiles.named(modem.driver)
    click.echo(f"{config}: {len(settings.modems)} modem(s), database {settings.database}: no mistakes")
