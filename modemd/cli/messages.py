"""`modemd messages`, `explain`, `settle`, `resend` and `cancel`: outbound messages, and decisions about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json, warn_without_daemon
from modemd.cli.lists import RowList, fetch_list, print_list, print_one
from modemd.cli.options import authorship_options
from modemd.cli.output import count_parts, echo, print_json, print_sentence, print_wrapped, printable
from modemd.cli.sending.batches import decide, explain_no_messages
from modemd.cli.sending.send import print_accepted
from modemd.cli.show.times import format_time, format_times, localise, parse_moment
from modemd.config import load
from modemd.rules.states import MessageState
from modemd.rules.waits import WaitCode

message_id = click.argument("id", type=click.IntRange(min=1))


@options.command()
@options.config_file
@message_id
@click.argument("verdict", type=click.Choice(["sent", "not-sent"]))
@click.option("--part", type=click.IntRange(min=1), help="Only this part. Without this option, all unknown parts.")
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
    settings = load(config)
    answer = post_json(settings, f"/v1/messages/{id}/resend", {"why": why, "by": by})
    warn_without_daemon(settings)
    print_accepted(settings, answer, as_json)


@options.command()
@options.config_file
@click.argument("id", type=click.IntRange(min=1), required=False)
@options.batch("Cancel all messages of this batch that have not been sent.")
@authorship_options
@options.as_json
def cancel(config: Path, id: int | None, batch: int | None, why: str, by: str, as_json: bool) -> None:
    """Cancel a message, or a whole batch, that has not been sent."""
    if (id is None) == (batch is None):
        raise click.UsageError("needs the ID of a message, or --batch")
    if batch is not None:
        decide(config, "cancel", batch, why, by, as_json=as_json)
        return
    _print_message(post_json(load(config), f"/v1/messages/{id}/cancel", {"why": why, "by": by}), as_json)


def _print_message(message: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(message)
    else:
        echo(f"message {message['id']} {message['state']}")


@options.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Show everything about this message.")
@click.option("--to", help="Only messages to this number.")
@click.option(
    "--state", type=click.Choice([state.value for state in MessageState]), help="Only messages in this state."
)
@options.class_of_messages("Only messages of this class.")
@click.option("--batch", type=click.IntRange(min=1), help="Only messages of this batch.")
@click.option("--sim", help="Only what this SIM has sent: its ICCID or number.")
@click.option("--modem", help="Only what this modem has tried to send: its name or IMEI.")
@options.since("Only what was accepted at this time or later.")
@click.option("--until", help="Only what was accepted before this time.")
@options.limit
@options.as_json
def messages(
    config: Path,
    id: int | None,
    to: str | None,
    state: str | None,
    message_class: str | None,
    batch: int | None,
    sim: str | None,
    modem: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the outbound messages, newest first."""
    settings = load(config)
    zone = settings.timezone
    query = {"id": id, "to": to, "state": state, "class": message_class, "batch": batch, "sim": sim, "modem": modem}
    query |= {"since": parse_moment(since, zone), "until": parse_moment(until, zone), "limit": limit}
    found = fetch_list(settings, "/v1/messages", query)
    if id is not None:
        print_one(found.rows, f"there is no message {id}", zone=zone, as_json=as_json)
        return
    columns = ("id", "to", "class", "state", "reason", "parts", "created_at", "delivered_at", "text")
    spare = ("delivered_at", "parts", "class", "created_at")
    none = "no messages"
    first = list(islice(found.rows, 1))
    if (
        batch is not None
        and not first
        and not as_json
        and not any((to, state, message_class, sim, modem, since, until))
    ):
        none = explain_no_messages(settings, batch)
    rows: Iterator[dict[str, Any]] = chain(first, found.rows)
    if not as_json:
        rows = (row | {"reason": _reason(row, zone)} for row in rows)
    print_list(RowList(rows, found.total), columns, as_json=as_json, none=none, zone=zone, spare=spare)


def _reason(message: dict[str, Any], zone: tzinfo | None) -> str | None:
    """Returns why a message waits, or why it is in its state; None if there is nothing to say. The hours of a country would make
    a column of several lines: `explain` has them."""
    waits: dict[str, Any] | None = message["waits"]
    reason: str | None = message["reason"]
    if waits is not None and waits["code"] == WaitCode.CONTACT and message["until"]:
        return f"{reason}, until {format_time(message['until'], zone)}"
    return waits["message"] if waits is not None else reason


@options.command()
@options.config_file
@message_id
@options.as_json
def explain(config: Path, id: int, as_json: bool) -> None:
    """Show everything that happened to a message."""
    settings = load(config)
    found = call_api(settings, "GET", f"/v1/messages/{id}")
    if as_json:
        print_json(found)
        return
    zone = settings.timezone
    reason = f" ({found['reason']})" if found["reason"] else ""
    until = f" until {format_time(found['until'], zone)}" if found["until"] else ""
    parts = count_parts(found["parts"])
    to_list = f" for the list {found['list']}" if found["list"] else ""
    print_sentence(
        f"message {found['id']} to {found['to']}, {found['class']}{to_list}, {parts}: {found['state']}{until}{reason}"
    )
    if found["waits"] is not None:
        print_sentence(f"waits because {localise(printable(found['waits']['message']), zone)}")
    for line in found["text"].splitlines() or [""]:
        print_sentence(line, 0)
    if found["answers"]:
        print_sentence(f"answers: {', '.join(map(printable, found['answers']))}")
    details = {report["id"]: _report_details(report) for report in found["reports"]}
    for event in found["events"]:
        detail = event["detail"] | details.get(event["detail"].get("report"), {})
        if (name := found["modems"].get(detail.get("modem"))) is not None:
            detail = detail | {"modem": name, "imei": detail["modem"]}
        shown = [f"{key}={printable(str(value))}" for key, value in format_times(detail, zone).items()]
        print_wrapped(f"{format_time(event['at'], zone)}  {printable(event['what'])}", shown)


_REPORT_DETAILS = {"means": "meaning", "accepted_at": "accepted_at", "discharged_at": "discharged_at"}


def _report_details(report: dict[str, Any]) -> dict[str, Any]:
    """Returns the contents of a report, as details of its event."""
    details = {key: report[name] for key, name in _REPORT_DETAILS.items()}
    return {key: value for key, value in details.items() if value is not None}
