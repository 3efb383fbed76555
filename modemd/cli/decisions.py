"""`modemd settle`, `resend` and `cancel`: what a person decides about a message."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.door import post_json
from modemd.cli.send import print_accepted
from modemd.cli.tables import print_json
from modemd.config import load

message_id = click.argument("id", type=click.IntRange(min=1))


def _user() -> str:
    """Who types: the account of this process, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def who_and_why(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every decision."""
    by = click.option("--by", default=_user, help="Who decides; the user of this shell where it is not said.")
    why = click.option("--why", required=True, help="Why; it is kept with the message.")
    return why(by(command))


@click.command()
@options.config_file
@message_id
@click.argument("verdict", type=click.Choice(["sent", "not-sent"]))
@click.option("--part", type=click.IntRange(min=1), help="Only this part; else all that are unknown.")
@who_and_why
@options.as_json
def settle(config: Path, id: int, verdict: str, part: int | None, why: str, by: str, as_json: bool) -> None:
    """Say what became of a message that is unknown."""
    decision = {"verdict": verdict, "part": part, "why": why, "by": by}
    _print(post_json(load(config), f"/v1/messages/{id}/settle", decision), as_json)


@click.command()
@options.config_file
@message_id
@who_and_why
@options.as_json
def resend(config: Path, id: int, why: str, by: str, as_json: bool) -> None:
    """Send a message that has ended once more, as a new one."""
    print_accepted(post_json(load(config), f"/v1/messages/{id}/resend", {"why": why, "by": by}), as_json)


@click.command()
@options.config_file
@message_id
@who_and_why
@options.as_json
def cancel(config: Path, id: int, why: str, by: str, as_json: bool) -> None:
    """Cancel a message of which nothing has left."""
    _print(post_json(load(config), f"/v1/messages/{id}/cancel", {"why": why, "by": by}), as_json)


def _print(message: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(message)
    else:
        click.echo(f"message {message['id']} {message['state']}")
