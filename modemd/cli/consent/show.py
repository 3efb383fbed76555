"""`modemd consent show`: where a number stands, and why."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import call_api, quote_number
from modemd.cli.output import echo, print_json, print_rows, print_sentence
from modemd.cli.show.times import format_time
from modemd.config import load
from modemd.rules.refusals import RefusalCode

_STATES = {
    "unknown": "has said nothing about marketing",
    "pending": "was asked to confirm, and has not answered",
    "opted_in": "has opted in",
    "opted_out": "has opted out",
}


@options.command()
@options.config_file
@click.argument("number")
@options.as_json
def show(config: Path, number: str, as_json: bool) -> None:
    """Show where a number stands, and why."""
    settings = load(config)
    found = call_api(settings, "GET", f"/v1/consent/numbers/{quote_number(number)}")
    if as_json:
        print_json(found)
        return
    since = f", since {format_time(found['since'], settings.timezone)}" if found["since"] else ""
    echo(f"{found['number']} {_STATES[found['marketing']]}{since}")
    if found["suppressed"]:
        echo("its history was erased; the opt-out is kept as a hash")
    for each in found["lists"]:
        at = format_time(each["since"], settings.timezone)
        echo(f"list {each['list']}: {each['state'].replace('_', ' ')}, since {at}")
    if found["review_until"]:
        until = format_time(found["review_until"], settings.timezone)
        echo(f"what it wrote waits for a person (modemd consent reviews); else it counts as an opt-out at {until}")
    if found["objection"]:
        echo(f"no marketing goes to it: {found['objection']} ({RefusalCode(found['objection']).sentence})")
    elif found["hold"]:
        until = f", until {format_time(found['until'], settings.timezone)}" if found["until"] else ""
        print_sentence(f"marketing to it would wait now: {found['hold']}{until}")
    else:
        echo("marketing may go to it now")
    if found["events"]:
        columns = ("at", "action", "channel", "word", "list", "actor", "basis", "evidence")
        print_rows(
            found["events"],
            columns,
            as_json=False,
            none="",
            zone=settings.timezone,
            spare=("evidence", "basis", "actor", "list"),
        )
