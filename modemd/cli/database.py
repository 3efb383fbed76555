"""`modemd backup`, `modemd restore` and `modemd release`: copies of the database, and messages held after a restore."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import post_json
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json
from modemd.config import load

# A release goes in small steps, so a long queue takes a while.
RELEASE_S = 3600.0
file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@options.command()
@options.config_file
@file
@options.as_json
def backup(config: Path, file: Path, as_json: bool) -> None:
    """Copy the database to a new file, even while the daemon runs.

    If the command ends with 0, the copy is checked and on disk.
    """
    from modemd import daemon

    if str(file) == "-":
        raise click.BadParameter("a backup is checked, so it goes to a file; name one", param_hint="FILE")
    schema = daemon.back_up(load(config), file.absolute())
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file.absolute()), "octets": size, "schema": schema})
    else:
        echo(f"{file}: {size} octets, checked, schema {schema}; {file}.key has the ledger key")


@options.command()
@options.config_file
@file
@options.as_json
def restore(config: Path, file: Path, as_json: bool) -> None:
    """Replace the database with a backup. Stop the daemon first.

    Messages that the backup has as not sent yet are held until you run `modemd release`.
    """
    from modemd import daemon

    restored = daemon.restore(load(config), file.absolute())
    if as_json:
        before = str(restored.previous_database) if restored.previous_database else None
        print_json({"held": restored.held_messages, "consent": restored.consent_statements, "before": before})
        return
    echo(f"restored from {file}; {restored.held_messages} messages are held until modemd release")
    if restored.previous_database is not None:
        echo(f"the replaced database is kept as {restored.previous_database}")
    if restored.consent_statements is None:
        echo("the replaced database cannot be read: STOPs that came after the backup are lost", err=True)
    elif restored.consent_statements:
        echo(f"{restored.consent_statements} statements of consent that came after the backup were kept")


@options.command()
@options.config_file
@options.class_of_messages("Only this class of messages.")
@authorship_options
@options.as_json
def release(config: Path, message_class: str | None, why: str, by: str, as_json: bool) -> None:
    """Release messages held after a restore."""
    found = post_json(load(config), "/v1/release", {"class": message_class, "why": why, "by": by}, timeout_s=RELEASE_S)
    if as_json:
        print_json(found)
    else:
        echo(f"{found['messages']} messages and {found['batches']} batches released")
