"""`modemd policies`: what is to be known about sending by machine in each country, with the sources."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import call_api
from modemd.cli.output import echo, print_json, print_sentence, printable
from modemd.config import load
from modemd.rules.country_policies.policies import EVERYWHERE, NO_ADVICE


@options.command()
@options.config_file
@click.argument("country", required=False)
@options.as_json
def policies(config: Path, country: str | None, as_json: bool) -> None:
    """Show what is to be known about sending in a country.

    COUNTRY is two letters, such as FR; without it, all countries. What is listed is not complete.
    """
    rows = call_api(load(config), "GET", "/v1/policies", query={"country": country} if country is not None else {})
    if as_json:
        print_json(rows)
        return
    if country is not None and all(row["country"] == EVERYWHERE for row in rows):
        print_sentence(
            printable(f"nothing is listed for {country.upper()}; that does not mean that everything is allowed")
        )
    for row in rows:
        place = "everywhere" if row["country"] == EVERYWHERE else row["country"]
        print_sentence(printable(f"{place} ({row['severity']}): {row['text']}"), 4)
        print_sentence(printable(f"    source: {row['source']} ({row['checked']})"), 8)
    echo(NO_ADVICE)
