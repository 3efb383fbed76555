"""`modemd consent request`: asks a number to confirm that it wants marketing."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.accounts import current_user_name
from modemd.cli import options
from modemd.cli.client import post_json, warn_without_daemon
from modemd.cli.output import echo, print_json
from modemd.cli.show.times import format_time
from modemd.config import load


@options.command()
@options.config_file
@click.argument("number")
@click.option("--list", "list_name", help="The list of subscribers. Without this option, all marketing.")
@click.option(
    "--channel", required=True, type=click.Choice(["form", "pos", "phone", "paper", "import", "api"]),
    help="How the person asked for it.",
)  # fmt: skip
@click.option("--evidence", required=True, help="Where the proof is: the number of a form, a file, a call.")
@click.option("--wording", help="What the person was shown there.")
@click.option(
    "--language", help="The language of the request: fr. Without this option, that of the contact or the list."
)
@click.option("--by", default=current_user_name, help="Who asks. Without this option, the user of this shell.")
@options.as_json
def request(
    config: Path,
    number: str,
    list_name: str | None,
    channel: str,
    evidence: str,
    wording: str | None,
    language: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Ask a number by SMS to confirm that it wants marketing.

    Until it answers yes, no marketing goes to it. modemd asks nobody who has opted out, and nobody twice.
    """
    settings = load(config)
    new = {"number": number, "list": list_name, "channel": channel, "evidence": evidence, "wording": wording}
    asked = post_json(settings, "/v1/consent/requests", new | {"language": language, "by": by})
    warn_without_daemon(settings)
    if as_json:
        print_json(asked)
        return
    message = asked["message"]
    until = f" until {format_time(message['until'], settings.timezone)}" if message["until"] else ""
    echo(f"{asked['number']} is asked to confirm by message {message['id']}, {message['state']}{until}")
