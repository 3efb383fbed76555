"""`modemd alarms`, `backup`, `restore` and `release`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import call_api
from modemd.cli.options import authorship_options
from modemd.cli.output import print_json
from modemd.config import load
from modemd.rules.classes import MessageClass

# A release goes in small steps; of a long queue it takes a while.
RELEASE_S = 3600.0


file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@options.config_file
@file
@options.as_json
def backup(config: Path, file: Path, as_json: bool) -> None:
    """Copy the database to a new file, also while the daemon runs. The copy is checked and synced when this ends with 0."""
    from modemd import daemon

    schema = daemon.back_up(load(config), file.absolute())
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file.absolute()), "octets": size, "schema": schema})
    else:
        click.echo(f"{file}: {size} octets, whole, schema {schema}")


@click.command()
@options.config_file
@file
@options.as_json
def restore(config: Path, file: Path, as_json: bool) -> None:
    """Put a backup in the place of the database. The daemon must not run; what is open is held until `modemd release`."""
    from modemd import daemon

    restored = daemon.restore(load(config), file.absolute())
    if as_json:
        before = str(restored.previous_database) if restored.previous_database else None
        print_json({"held": restored.held_messages, "consent": restored.consent_statements, "before": before})
        return
    click.echo(f"restored from {file}; {restored.held_messages} messages are held until modemd release")
    if restored.previous_database is not None:
        click.echo(f"the database before is kept as {restored.previous_database}")
    if restored.consent_statements is None:
        click.echo("it cannot be read: STOPs that came after the backup are lost", err=True)
    elif restored.consent_statements:
        click.echo(f"{restored.consent_statements} statements of consent that came after the backup were taken over")


@click.command()
@options.config_file
@click.option(
    "--class",
    "message_class",
    type=click.Choice([name.value for name in MessageClass]),
    help="Only this class of messages.",
)
@authorship_options
@options.as_json
def release(config: Path, message_class: str | None, why: str, by: str, as_json: bool) -> None:
    """Let go what is held since a restoring."""
    wish = {"class": message_class, "why": why, "by": by}
    given = {key: value for key, value in wish.items() if value is not None}
    found = call_api(load(config), "POST", "/v1/release", body=json.dumps(given).encode(), timeout_s=RELEASE_S)
    if as_json:
        print_json(found)
    else:
        click.echo(f"{found['messages']} messages and {found['batches']} batches released")
