"""`modemd send`, `messages`, `explain`, `settle`, `resend` and `cancel`: outbound messages, and decisions about them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.csv_upload import post_rows
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_rows, printable
from modemd.config import load
from modemd.rules.states import MessageState


@options.command()
@options.config_file
@click.option(
    "--to",
    multiple=True,
    help="The recipient: +33612345678, or a national number of the configured country. Write the option once for each.",
)
@options.text("The text of the message.", required=False)
@options.purpose
@click.option("--at", help="The earliest time to send: 2026-11-22T18:30, or 18:30 for the next one.")
@options.valid
@options.window
@click.option("--sim", help="The only SIM that may send it, by its ICCID. Without it, modemd chooses.")
@click.option("--key", help="Your own name for the message: modemd never sends the same key twice.")
@options.no_report
@options.short_code
@click.option("--csv", "csv_file", help="A file with the columns to,text,class[,at,key]. Write - for standard input.")
@options.as_json
def send(
    config: Path,
    to: tuple[str, ...],
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
    """Send a message, or every row of a CSV.

    If the command ends with 0, the messages are on disk; the daemon sends them as soon as it can.
    """
    settings = load(config)
    if csv_file is not None:
        if any(map(_is_given, _MESSAGE_OPTIONS)):
            raise click.UsageError(f"--csv cannot be used with {', '.join(_MESSAGE_OPTIONS)}")
        _print_batch(post_rows(settings, _read_csv(csv_file), show=sys.stderr.isatty() and not as_json), as_json)
        return
    if not to or text is None:
        raise click.UsageError("needs --to and --text, or --csv")
    if len(to) > 1 and key is not None:
        raise click.UsageError("--key belongs to one message; it cannot be used with several --to")
    new: dict[str, object] = {
        "to": to[0] if len(to) == 1 else to,
        "text": text,
        "class": message_class,
        "at": at,
        "key": key,
    }
    new |= {"valid": valid, "window": window, "sim": sim}
    new |= {"report": False if no_report else None, "short_code": short_code or None}
    answer = post_json(settings, "/v1/messages", new)
    if isinstance(answer, list):
        _print_several(answer, as_json)
    else:
        print_accepted(answer, as_json)


# Options of a single message; a CSV has columns for them.
_MESSAGE_OPTIONS = {
    "--to": "to", "--text": "text", "--class": "message_class", "--at": "at", "--valid": "valid", "--window": "window",
    "--sim": "sim",
    "--key": "key", "--no-report": "no_report", "--short-code": "short_code",
}  # fmt: skip


def _is_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(_MESSAGE_OPTIONS[option])
    return source is ParameterSource.COMMANDLINE


def print_accepted(message: dict[str, Any], as_json: bool) -> None:
    """Prints a submitted message and its warnings. Exits with 1 if consent refused it."""
    _print_submitted(message, as_json)
    if message["state"] == "refused":
        sys.exit(1)


def _print_several(messages: list[dict[str, Any]], as_json: bool) -> None:
    """Prints the messages of one request. Exits with 1 if consent refused all of them."""
    if as_json:
        print_json(messages)
    for message in messages:
        _print_submitted(message, is_quiet=as_json, to=f" to {message['to']}")
    if all(message["state"] == "refused" for message in messages):
        sys.exit(1)


def _print_submitted(message: dict[str, Any], as_json: bool = False, *, is_quiet: bool = False, to: str = "") -> None:
    """Prints a submitted message, with its warnings and refusal on stderr; with `is_quiet`, only these."""
    for warning in message["warnings"]:
        echo(f"warning: {warning}", err=True)
    refused = message["state"] == "refused"
    if as_json:
        print_json(message)
    elif not refused and not is_quiet:
        parts = f"{message['parts']} part{'s' if message['parts'] > 1 else ''}"
        known = ", already known by its key" if message["again"] else ""
        until = f" until {message['until']}" if message["until"] else ""
        echo(f"message {message['id']}{to} {message['state']}{until} ({parts}{known})")
    if refused:
        echo(f"modemd: message {message['id']}{to} refused: {message['reason']}", err=True)


def _print_batch(batch: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(batch)
    else:
        echo(f"batch {batch['id']}: {batch['accepted']} accepted, {batch['refused']} refused")
    for warning in batch["warnings"]:
        echo(f"warning: {warning}", err=True)
    for message in batch["refusals"]:
        echo(f"modemd: message {message['id']} to {message['to']} refused: {message['reason']}", err=True)
    if not batch["accepted"]:
        sys.exit(1)


def _read_csv(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error


message_id = click.argument("id", type=click.IntRange(min=1))


@options.command()
@options.config_file
@message_id
@click.argument("verdict", type=click.Choice(["sent", "not-sent"]))
@click.option("--part", type=click.IntRange(min=1), help="Only this part. Without it, all unknown parts.")
@authorship_options
@options.as_json
def settle(config: Path, id: int, verdict: str, part: int | None, why: str, by: str, as_json: bool) -> None:
    """Decide the outcome of an unknown message."""
    decision = {"verdict": verdict, "part": part, "why": why, "by": by}
    _print_message(post_json(load(config), f"/v1/messages/{id}/settle", decision), as_json)


@options.command()
@options.config_file
@message_id
@authorship_options
@options.as_json
def resend(config: Path, id: int, why: str, by: str, as_json: bool) -> None:
    """Send an ended message once more, as a new message."""
    print_accepted(post_json(load(config), f"/v1/messages/{id}/resend", {"why": why, "by": by}), as_json)


@options.command()
@options.config_file
@message_id
@authorship_options
@options.as_json
def cancel(config: Path, id: int, why: str, by: str, as_json: bool) -> None:
    """Cancel a message that has not been sent."""
    _print_message(post_json(load(config), f"/v1/messages/{id}/cancel", {"why": why, "by": by}), as_json)


def _print_message(message: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(message)
    else:
        echo(f"message {message['id']} {message['state']}")


@options.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Only this message.")
@click.option(
    "--state", type=click.Choice([state.value for state in MessageState]), help="Only messages in this state."
)
@click.option("--batch", type=click.IntRange(min=1), help="Only messages of this batch.")
@options.limit
@options.as_json
def messages(config: Path, id: int | None, state: str | None, batch: int | None, limit: int, as_json: bool) -> None:
    """Show the outbound messages, newest first."""
    query = {"id": id, "state": state, "batch": batch, "limit": limit}
    rows = call_api(load(config), "GET", "/v1/messages", query=query)
    columns = ("id", "to", "class", "state", "reason", "parts", "created_at", "delivered_at", "text")
    print_rows(rows, columns, as_json=as_json, none="no messages")


@options.command()
@options.config_file
@message_id
@options.as_json
def explain(config: Path, id: int, as_json: bool) -> None:
    """Show everything that happened to a message."""
    found = call_api(load(config), "GET", f"/v1/messages/{id}")
    if as_json:
        print_json(found)
        return
    reason = f" ({found['reason']})" if found["reason"] else ""
    until = f" until {found['until']}" if found["until"] else ""
    echo(
        f"message {found['id']} to {found['to']}, {found['class']}, {found['parts']} part(s): "
        f"{found['state']}{until}{reason}"
    )
    echo(found["text"])
    details = {report["id"]: _report_details(report) for report in found["reports"]}
    for event in found["events"]:
        detail = event["detail"] | details.get(event["detail"].get("report"), {})
        echo(f"{event['at']}  {event['what']}{_detail(detail)}")


_REPORT_DETAILS = {"means": "meaning", "accepted_at": "accepted_at", "discharged_at": "discharged_at"}


def _report_details(report: dict[str, Any]) -> dict[str, Any]:
    """Returns the contents of a report, as details of its event."""
    details = {key: report[name] for key, name in _REPORT_DETAILS.items()}
    return {key: value for key, value in details.items() if value is not None}


def _detail(detail: dict[str, Any]) -> str:
    return "".join(f"  {key}={printable(str(value))}" for key, value in detail.items())
