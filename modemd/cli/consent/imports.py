"""`modemd consent import`: opt-ins from a CSV."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import call_api
from modemd.cli.consent.entries import by
from modemd.cli.output import echo, print_json, printable
from modemd.config import load
from modemd.errors import Refused
from modemd.service.consent.entries import OPT_IN_CHANNELS

# A large file goes in small transactions.
IMPORT_S = 3600.0
# Problems that are printed.
MOST_PROBLEMS = 20


@options.command("import")
@options.config_file
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--basis", required=True, help="The legal basis of all rows, such as consent.")
@click.option(
    "--channel", default="import", type=click.Choice(tuple(map(str, OPT_IN_CHANNELS))), help="How these people agreed."
)
@by
@options.as_json
def import_file(config: Path, file: Path, basis: str, channel: str, by: str, as_json: bool) -> None:
    """Import the opt-ins of a CSV.

    The columns are number[,list,at,evidence,wording,wording_version,language,url,ip,user_agent,contact_id]. If a row is
    malformed, nothing is imported. A number that has opted out stays so. The same file twice adds nothing.
    """
    settings = load(config)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from error
    query = {"basis": basis, "channel": channel, "by": by, "file": file.name}
    try:
        found = call_api(
            settings,
            "POST",
            "/v1/consent/import",
            query=query,
            body=content,
            content_type="text/csv",
            timeout_s=IMPORT_S,
        )
    except Refused as refused:
        if not refused.problems:
            raise
        count = len(refused.problems)
        malformed = "1 row is" if count == 1 else f"{count} rows are"
        echo(f"modemd: nothing was imported; {malformed} malformed:", err=True)
        for problem in refused.problems[:MOST_PROBLEMS]:
            echo(f"modemd: {printable(problem)}", err=True)
        sys.exit(1)
    if as_json:
        print_json(found)
        return
    rows, opted_in, known, opted_out = (found[key] for key in ("rows", "opted_in", "known", "opted_out"))
    echo(
        f"{rows} {'row' if rows == 1 else 'rows'}: {opted_in} {'is' if opted_in == 1 else 'are'} opted in, "
        f"{known} {'was' if known == 1 else 'were'} known"
    )
    if opted_out:
        echo("1 has opted out, and stays so:" if opted_out == 1 else f"{opted_out} have opted out, and stay so:")
        for number in found["kept_out"]:
            echo(f"  {printable(number)}")
        if opted_out > len(found["kept_out"]):
            echo("  ...")
