"""`modemd thread`, `modemd reply` and `modemd erase`: what is about one number."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json, quote_number
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_rows, printable
from modemd.cli.sending.send import print_accepted
from modemd.cli.show.times import parse_moment
from modemd.config import load

# An erasure goes in small steps, so a long history takes a while.
ERASE_S = 3600.0


@options.command()
@options.config_file
@click.argument("number")
@options.since("Only what was sent or came in at this time or later.")
@options.limit
@options.as_json
def thread(config: Path, number: str, since: str | None, limit: int, as_json: bool) -> None:
    """Show the messages to and from a number, oldest first."""
    settings = load(config)
    query = {"since": parse_moment(since, settings.timezone), "limit": limit}
    rows = call_api(settings, "GET", f"/v1/numbers/{quote_number(number)}/thread", query=query)
    print_rows(
        rows,
        ("at", "way", "id", "state", "text"),
        as_json=as_json,
        none=f"nothing was sent to {printable(number)}, and nothing came from it",
        zone=settings.timezone,
        spare=("state",),
    )
    if len(rows) == limit and not as_json:
        echo(f"the newest {limit}; --limit 0 shows all")


@options.command()
@options.config_file
@click.argument("inbox_id", type=click.IntRange(min=1))
@options.text("The text of the answer.")
@click.option("--key", help="Your own name for the answer, so that modemd sends it only once.")
@options.as_json
def reply(config: Path, inbox_id: int, text: str, key: str | None, as_json: bool) -> None:
    """Answer a message that came in, from the same SIM.

    INBOX_ID is the id in `modemd inbox`. The answer has the class conversational.
    """
    settings = load(config)
    accepted = post_json(settings, f"/v1/inbox/{inbox_id}/reply", {"text": text, "key": key})
    print_accepted(settings, accepted, as_json)


@options.command()
@options.config_file
@click.argument("number")
@authorship_options
@options.as_json
def erase(config: Path, number: str, why: str, by: str, as_json: bool) -> None:
    """Erase a number, its texts and its consent history.

    The command blanks them in every message that has ended, in the inbox, in the status reports and in the consent ledger. An
    opt-out stays as a hash, which does not show the number. Then the command says what it kept, and why.
    """
    path = f"/v1/numbers/{quote_number(number)}/erase"
    erased = post_json(load(config), path, {"why": why, "by": by}, timeout_s=ERASE_S)
    if as_json:
        print_json(erased)
        return
    counts = f"{erased['messages']} messages, {erased['inbox']} inbound messages, {erased['reports']} other reports"
    echo(f"{erased['number']} is erased from {counts}")
    for kept in erased["kept"]:
        echo(f"kept: {kept['because']}")
