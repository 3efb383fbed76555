"""`modemd messages`, `explain`, `settle`, `resend` and `cancel`: outbound messages, and decisions about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json, warn_without_daemon
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_rows, printable
from modemd.cli.sending.batches import decide, explain_no_messages
from modemd.cli.sending.send import print_accepted
from modemd.config import load
from modemd.rules.states import MessageState

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
    settings = load(config)
    answer = post_json(settings, f"/v1/messages/{id}/resend", {"why": why, "by": by})
    warn_without_daemon(settings)
    print_accepted(settings, answer, as_json)


@options.command()
@options.config_file
@click.argument("id", type=click.IntRange(min=1), required=False)
@options.batch("All messages of this batch that were not sent.")
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
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/messages", query=query)
    if batch is not None and not rows and id is None and state is None and not as_json:
        echo(explain_no_messages(settings, batch))
        return
    if not as_json:
        rows = [row | {"reason": row["waits"]["message"] if row["waits"] else row["reason"]} for row in rows]
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
    if found["waits"] is not None:
        echo(f"waits because {printable(found['waits']['message'])}")
    echo(found["text"])
    details = {report["id"]: _report_details(report) for report in found["reports"]}
    for event in found["events"]:
        detail = event["detail"] | details.get(event["detail"].get("report"), {})
        if (name := found["modems"].get(detail.get("modem"))) is not None:
            detail = detail | {"modem": name, "imei": detail["modem"]}
        echo(f"{event['at']}  {event['what']}{_detail(detail)}")


_REPORT_DETAILS = {"means": "meaning", "accepted_at": "accepted_at", "discharged_at": "discharged_at"}


def _report_details(report: dict[str, Any]) -> dict[str, Any]:
    """Returns the contents of a report, as details of its event."""
    details = {key: report[name] for key, name in _REPORT_DETAILS.items()}
    return {key: value for key, value in details.items() if value is not None}


def _detail(detail: dict[str, Any]) -> str:
    return "".join(f"  {key}={printable(str(value))}" for key, value in detail.items())
