"""`modemd consent history`: everything that is stored about the consent of one number, as a file for an authority."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api, quote_number
from modemd.cli.output import echo, print_fields, print_json, printable
from modemd.config import load

COLUMNS = (
    *(
        "id",
        "at",
        "action",
        "channel",
        "occurred_at",
        "zone",
        "list",
        "from",
        "actor",
        "word",
        "language",
        "words",
        "inbox_id",
    ),
    *("said_at", "wording", "wording_version", "wording_language", "messages", "basis", "evidence", "evidence_file"),
    *("evidence_name", "url", "ip", "user_agent", "contact_id", "salt", "digest", "key_id", "chain"),
)
"""Columns of the CSV behind the number."""


@options.command()
@options.config_file
@click.argument("number")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a row for each event.")
@options.as_json
def history(config: Path, number: str, as_csv: bool, as_json: bool) -> None:
    """Show the whole consent history of a number.

    It has every field of every event. --json also has the files of evidence, in base64.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json cannot be used together")
    settings = load(config)
    found = call_api(settings, "GET", f"/v1/consent/numbers/{quote_number(number)}/history")
    if as_json:
        print_json(found)
    elif as_csv:
        _print_csv(found["number"], found["events"])
    elif not found["events"]:
        echo(f"{printable(found['number'])} has no history")
    else:
        for event in found["events"]:
            print_fields({key: value for key, value in event.items() if value is not None}, zone=settings.timezone)
            echo()


def _print_csv(number: str, events: list[dict[str, Any]]) -> None:
    """Prints CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe, and control characters are
    shown as marks: the words are a stranger's."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["number", *(events[0] if events else COLUMNS)])
    for event in events:
        rows.writerow([_make_cell(value) for value in (number, *event.values())])


def _make_cell(value: object) -> str:
    text = "" if value is None else printable(str(value))
    is_number = text[1:].isdigit() and text[0] in "+-"
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not is_number else text
