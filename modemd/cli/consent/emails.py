"""`modemd consent email` and `modemd consent emails`: the addresses from which a mail can opt out a number."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import post_json, quote_number
from modemd.cli.lists import fetch_list, print_list
from modemd.cli.output import echo, print_json, printable
from modemd.config import load


@options.command()
@options.config_file
@click.argument("number")
@click.argument("address")
@click.option("--remove", is_flag=True, help="Remove the address.")
@options.as_json
def email(config: Path, number: str, address: str, remove: bool, as_json: bool) -> None:
    """Add an e-mail address to a number.

    A mail from this address, with an opt-out word, then opts the number out. An address can belong to several numbers.
    """
    path = f"/v1/consent/numbers/{quote_number(number)}/emails{'/remove' if remove else ''}"
    row = post_json(load(config), path, {"address": address})
    if as_json:
        print_json(row)
    elif remove:
        echo(f"{printable(row['address'])} is no address of {row['number']} any more")
    else:
        echo(f"{printable(row['address'])} is an address of {row['number']}")


@options.command()
@options.config_file
@click.option("--number", help="Only the addresses of this number.")
@options.limit
@options.as_json
def emails(config: Path, number: str | None, limit: int, as_json: bool) -> None:
    """List the e-mail addresses of numbers."""
    settings = load(config)
    found = fetch_list(settings, "/v1/consent/emails", {"number": number, "limit": limit})
    columns = ("address", "number", "at")
    print_list(found, columns, as_json=as_json, none="no addresses", zone=settings.timezone, spare=("at",))
