"""`modemd sims`: the SIMs that were met, and admitting a new one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.door import call
from modemd.cli.tables import print_json, show
from modemd.config import load

_COLUMNS = ("sim", "number", "smsc", "modem", "last_seen", "admitted_at")


@click.group()
def sims() -> None:
    """The SIMs, whichever modem they sit in."""


@sims.command("list")
@options.config_file
@options.as_json
def list_sims(config: Path, as_json: bool) -> None:
    """The SIMs that were met, the one seen last first."""
    show(call(load(config), "GET", "/v1/sims"), _COLUMNS, as_json=as_json, none="no SIM was met yet")


@sims.command()
@options.config_file
@click.argument("iccid")
@options.as_json
def admit(config: Path, iccid: str, as_json: bool) -> None:
    """Let a new SIM be used, where admit_sims is manual."""
    row = call(load(config), "POST", f"/v1/sims/{quote(iccid, safe='')}/admit")
    if as_json:
        print_json(row)
    else:
        click.echo(f"SIM {row['sim']} may be used")
