"""`modemd send`: one message, or the rows of a CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from modemd.cli import options
from modemd.cli.door import post_json
from modemd.cli.rows import post_rows
from modemd.cli.tables import print_json
from modemd.config import load
from modemd.rules.classes import SUBMITTABLE, MessageClass


@click.command()
@options.config_file
@click.option("--to", help="The recipient: +33612345678, or as dialled in the configured country.")
@click.option("--text", help="What to say.")
@click.option(
    "--class", "message_class", type=click.Choice([name.value for name in SUBMITTABLE]),
    default=MessageClass.TRANSACTIONAL.value, show_default=True,
    help="What the message is for.",
)  # fmt: skip
@click.option("--at", help="Not before this time: 2026-11-22T18:30, with or without an offset.")
@options.valid
@options.window
@click.option("--sim", help="The only SIM that may send it, by its ICCID; else modemd chooses.")
@click.option("--key", help="Your own key: the same key is never sent twice.")
@click.option("--no-report", is_flag=True, help="Ask for no delivery report.")
@click.option("--short-code", is_flag=True, help="The recipient is a short code.")
@click.option("--csv", "csv_file", help="A file with the columns to,text,class[,at,key]; - reads standard input.")
@options.as_json
def send(
    config: Path,
    to: str | None,
    text: str | None,
    message_class: str,
    at: str | None,
    valid: str | None,
    window: str | None,
    sim: str | None,
    key: str | None,
    no_report: bool,
    short_code: bool,
    csv_file: str | None,
    as_json: bool,
) -> None:
    """Accept a message, or the rows of a CSV. When this ends with 0, they are durable."""
    settings = load(config)
    if csv_file is not None:
        if any(map(_was_given, _ONE_MESSAGE)):
            raise click.UsageError(f"--csv goes without {', '.join(_ONE_MESSAGE)}")
        _send_rows(post_rows(settings, _read(csv_file), show=sys.stderr.isatty() and not as_json), as_json)
        return
    if not to or text is None:
        raise click.UsageError("needs --to and --text, or --csv")
    new: dict[str, object] = {"to": to, "text": text, "class": message_class, "at": at, "key": key}
    new |= {"valid": valid, "window": window, "sim": sim}
    new |= {"report": False if no_report else None, "short_code": short_code or None}
    print_accepted(post_json(settings, "/v1/messages", new), as_json)


# What is said of one message; each row of a CSV says it for itself.
_ONE_MESSAGE = {
    "--to": "to", "--text": "text", "--class": "message_class", "--at": "at", "--valid": "valid", "--window": "window",
    "--sim": "sim",
    "--key": "key", "--no-report": "no_report", "--short-code": "short_code",
}  # fmt: skip


def _was_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(_ONE_MESSAGE[option])
    return source is ParameterSource.COMMANDLINE


def print_accepted(message: dict[str, Any], as_json: bool) -> None:
    """What became of a submit; exit status 1 where consent refused it."""
    for warning in message["warnings"]:
        click.echo(f"modemd: {warning}", err=True)
    refused = message["state"] == "refused"
    if as_json:
        print_json(message)
    elif not refused:
        parts = f"{message['parts']} part{'s' if message['parts'] > 1 else ''}"
        known = ", known by its key" if message["again"] else ""
        until = f" until {message['until']}" if message["until"] else ""
        click.echo(f"message {message['id']} {message['state']}{until} ({parts}{known})")
    if refused:
        click.echo(f"modemd: message {message['id']} refused: {message['reason']}", err=True)
        sys.exit(1)


def _send_rows(batch: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(batch)
    else:
        click.echo(f"batch {batch['id']}: {batch['accepted']} accepted, {batch['refused']} refused")
    for warning in batch["warnings"]:
        click.echo(f"modemd: {warning}", err=True)
    for message in batch["refusals"]:
        click.echo(f"modemd: message {message['id']} to {message['to']} refused: {message['reason']}", err=True)
    if not batch["accepted"]:
        sys.exit(1)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error
