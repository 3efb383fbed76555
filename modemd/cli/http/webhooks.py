"""`modemd webhooks`: adds, lists and removes webhooks, and shows what was delivered to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.access.keys import find_key_id
from modemd.cli.client import call_api, post_json
from modemd.cli.lists import fetch_list, print_list
from modemd.cli.output import echo, print_json, print_rows, print_warnings, printable
from modemd.config import load

webhook_id = click.argument("webhook_id", metavar="ID", type=click.IntRange(min=1))
of_webhook = click.option(
    "--webhook", type=click.IntRange(min=1), help="Only of this webhook, by its number in modemd webhooks list."
)


@options.group()
def webhooks() -> None:
    """Tell other programs what happens, by HTTP."""


@webhooks.command()
@options.config_file
@click.argument("url")
@click.option(
    "--events",
    default="*",
    show_default=True,
    help="The kinds of events, separated by commas, such as 'message.*,inbox.received'.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["modemd", "twilio"]),
    default="modemd",
    show_default=True,
    help="The form of the requests.",
)
@click.option(
    "--key", metavar="NAME|ID", help="The API key that it belongs to. For the format twilio, its auth token signs."
)
@options.as_json
def add(config: Path, url: str, events: str, format_: str, key: str | None, as_json: bool) -> None:
    """Add an address that is told of what happens.

    It is told of what happens from now on. The command prints the signing secret, by which the receiver knows that modemd calls.
    The signing secret is never shown again. The format twilio has none: the auth token of the API key signs.
    """
    settings = load(config)
    key_id = None if key is None else find_key_id(settings, key)
    new = {"url": url, "events": events.split(","), "format": format_, "key": key_id}
    added = post_json(settings, "/v1/webhooks", new)
    print_warnings(added["warnings"])
    _print_secret(added, as_json)


@webhooks.command("list")
@options.config_file
@options.as_json
def list_(config: Path, as_json: bool) -> None:
    """List the webhooks."""
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/webhooks")
    if not as_json:
        rows = [row | {"events": ", ".join(row["events"])} for row in rows]
    columns = ("id", "url", "events", "format", "waiting", "dead", "created_at")
    print_rows(
        rows, columns, as_json=as_json, none="no webhooks", zone=settings.timezone, spare=("created_at", "format")
    )


@webhooks.command()
@options.config_file
@webhook_id
@options.as_json
def remove(config: Path, webhook_id: int, as_json: bool) -> None:
    """Remove a webhook. What waits for it is not delivered."""
    row = post_json(load(config), f"/v1/webhooks/{webhook_id}/remove", {})
    if as_json:
        print_json(row)
    else:
        echo(f"webhook {row['id']} to {printable(row['url'])} removed")


@webhooks.command()
@options.config_file
@webhook_id
@options.as_json
def rotate(config: Path, webhook_id: int, as_json: bool) -> None:
    """Give a webhook a new signing secret. For 24 hours the former one signs, too."""
    _print_secret(post_json(load(config), f"/v1/webhooks/{webhook_id}/rotate", {}), as_json)


@webhooks.command()
@options.config_file
@of_webhook
@click.option("--dead", is_flag=True, help="Only those that modemd has given up.")
@options.limit
@options.as_json
def deliveries(config: Path, webhook: int | None, dead: bool, limit: int, as_json: bool) -> None:
    """List the deliveries to webhooks, newest first."""
    settings = load(config)
    query = {"webhook": webhook, "dead": "true" if dead else None, "limit": limit}
    print_list(
        fetch_list(settings, "/v1/webhooks/deliveries", query),
        ("id", "webhook", "kind", "state", "attempts", "status", "error", "due_at", "created_at", "event"),
        as_json=as_json,
        none="no dead letters" if dead else "no deliveries",
        zone=settings.timezone,
        spare=("event", "created_at", "due_at"),
    )


@webhooks.command()
@options.config_file
@click.argument("delivery", metavar="[DELIVERY]", type=click.IntRange(min=1), required=False)
@of_webhook
@options.as_json
def replay(config: Path, delivery: int | None, webhook: int | None, as_json: bool) -> None:
    """Send again what modemd has given up.

    With the number of a delivery, only this one, also if it was delivered.
    """
    found = post_json(load(config), "/v1/webhooks/replay", {"delivery": delivery, "webhook": webhook})
    if as_json:
        print_json(found)
    else:
        count = found["deliveries"]
        echo(f"{count} {'delivery' if count == 1 else 'deliveries'} will be sent again")


def _print_secret(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    echo(f"webhook {row['id']} to {printable(row['url'])}")
    if row["secret"] is None:
        echo(f"signed with the auth token of API key {row['key_id']}")
        return
    echo(f"signing secret: {row['secret']}")
    echo("keep the signing secret: it is not shown again")
