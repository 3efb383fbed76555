"""`modemd pause` and `resume`: what a person holds up, and lets go again."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.decisions import who_and_why
from modemd.cli.door import post_json
from modemd.cli.sims import told
from modemd.cli.tables import print_json
from modemd.config import load
from modemd.rules.classes import MessageClass


@click.command()
@options.config_file
@click.option(
    "--class", "message_class", type=click.Choice([each.value for each in MessageClass]), help="Only this class."
)
@click.option("--sim", help="Only this SIM, by its ICCID.")
@who_and_why
@options.as_json
def pause(config: Path, message_class: str | None, sim: str | None, why: str, by: str, as_json: bool) -> None:
    """Begin nothing more of a class, at a SIM, or at all; alarms go on unless their class is named."""
    _decide(config, "pause", message_class, sim, why, by, as_json=as_json)


@click.command()
@options.config_file
@click.option(
    "--class",
    "message_class",
    type=click.Choice([each.value for each in MessageClass]),
    help="The class that is paused.",
)
@click.option("--sim", help="The SIM that is paused, by its ICCID.")
@who_and_why
@options.as_json
def resume(config: Path, message_class: str | None, sim: str | None, why: str, by: str, as_json: bool) -> None:
    """End a pause: exactly the one that was made with the same options."""
    _decide(config, "resume", message_class, sim, why, by, as_json=as_json)


def _decide(
    config: Path, verb: str, message_class: str | None, sim: str | None, why: str, by: str, *, as_json: bool
) -> None:
    decision = {"class": message_class, "sim": sim, "why": why, "by": by}
    standing = post_json(load(config), f"/v1/{verb}", decision)
    if as_json:
        print_json(standing)
        return
    click.echo(f"{verb}d; {'; '.join(f'{told(each)} is paused' for each in standing) or 'nothing is paused'}")
