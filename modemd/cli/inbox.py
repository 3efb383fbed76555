"""`modemd inbox`, `optouts` and `reports`: lists of what the network sent; `undo-optout`: a decision about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from modemd.cli import options
from modemd.cli.client import call_api, parse_response, post_json, quote_number
from modemd.cli.lists import fetch_list, print_cut, print_list, print_one
from modemd.cli.output import echo, print_json, print_json_line, print_rows, printable
from modemd.cli.show.times import format_time, parse_moment
from modemd.config import Settings, load
from modemd.http.unix import request
from modemd.rules.classes import KINDS

POLL_INTERVAL_S = 1.0
PAGE_SIZE = 500


Ask = Callable[[Settings, dict[str, Any]], list[dict[str, Any]] | None]


def follow_inbox(
    settings: Settings,
    since: str | None = None,
    sender: str | None = None,
    *,
    as_json: bool,
    wait: Callable[[float], None] = time.sleep,
    ask: Ask | None = None,
) -> None:
    """Prints each message that comes in from now on, oldest first, until Ctrl-C; `since`: from that moment on; `sender`: only
    from this number. With `as_json`, one JSON document a line. While no daemon listens, nothing comes in, and it waits
    for one. `ask` returns the rows, or None if no daemon listens.
    """
    ask = ask or _fetch_rows
    query: dict[str, Any] = {"limit": PAGE_SIZE} | ({"from": sender} if sender is not None else {})
    printed: set[int] = set()
    if since is None:
        since, printed = _find_last_seen(settings, query)
    while True:
        rows = ask(settings, query | {"since": since})
        for row in rows or ():
            if row["seen_at"] != since:
                since, printed = row["seen_at"], set()
            if row["id"] not in printed:
                printed.add(row["id"])
                _print_row(row, as_json, settings.timezone)
        if rows is None or len(rows) < PAGE_SIZE:
            wait(POLL_INTERVAL_S)


def _find_last_seen(settings: Settings, query: dict[str, Any]) -> tuple[str, set[int]]:
    """Returns when the last of the old messages came to be seen, and the ids of all that were seen at that moment."""
    since, ids = "1970-01-01T00:00:00+00:00", set[int]()
    rows = call_api(
        settings, "GET", "/v1/inbox", query=query
    )  # the newest ids; a long one may have been seen after them
    while rows:
        last = max(row["seen_at"] for row in rows)
        found = {row["id"] for row in rows if row["seen_at"] == last}
        if (last, found) == (since, ids):
            break
        since, ids = last, found
        rows = call_api(settings, "GET", "/v1/inbox", query=query | {"since": since})
    return since, ids


def _fetch_rows(settings: Settings, query: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Returns a daemon's answer; None if no daemon listens. Never opens the database: that would keep a daemon from starting."""
    try:
        found: list[dict[str, Any]] = parse_response(*request(settings.socket, "GET", f"/v1/inbox?{urlencode(query)}"))
    except OSError:
        return None
    return found


def _print_row(row: dict[str, Any], as_json: bool, zone: tzinfo) -> None:
    if as_json:
        print_json_line(row)
    else:
        missing = "" if row["complete"] else f" ({row['parts']} of {row['total']} parts)"
        when = format_time(row["seen_at"], zone)
        echo(f"{when}  {printable(row['from'])} -> {row['to_sim']}{missing}: {printable(row['text'])}")


@options.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Show everything about this message.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--from", "sender", help="Only from this number or name.")
@options.since("Only what came in at this time or later, oldest first.")
@click.option("--follow", is_flag=True, help="Run until Ctrl-C, and print each new message, oldest first.")
@options.limit
@options.as_json
def inbox(
    config: Path,
    id: int | None,
    kind: str | None,
    sender: str | None,
    since: str | None,
    follow: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Show what came in, newest first.

    These are messages, missed calls, and notices of the network.
    """
    settings = load(config)
    zone = settings.timezone
    if follow:
        if id is not None or kind is not None or options.is_given("limit"):
            raise click.UsageError("--follow cannot be used with --id, --kind or --limit")
        follow_inbox(settings, parse_moment(since, zone), sender, as_json=as_json)
        return
    query = {"id": id, "kind": kind, "from": sender, "since": parse_moment(since, zone), "limit": limit}
    found = fetch_list(settings, "/v1/inbox", query)
    if id is not None:
        print_one(found.rows, f"there is no inbound message {id}", zone=zone, as_json=as_json)
        return
    columns = ("id", "kind", "from", "to_sim", "stored_at", "complete", "text")
    spare = ("complete", "kind", "to_sim", "stored_at")
    print_list(found, columns, as_json=as_json, none="no inbound messages", zone=zone, spare=spare)


@options.command("optouts")
@options.config_file
@options.limit
@options.as_json
def opt_outs(config: Path, limit: int, as_json: bool) -> None:
    """Show the numbers that have opted out, newest first."""
    settings = load(config)
    found = fetch_list(settings, "/v1/optouts", {"limit": limit})
    columns = ("number", "since", "word", "language", "channel")
    print_list(
        found,
        columns,
        as_json=as_json,
        none="nobody has opted out",
        zone=settings.timezone,
        spare=("language", "channel"),
    )


@options.command("undo-optout")
@options.config_file
@click.argument("number")
@options.authorship_options
@options.as_json
def undo_opt_out(config: Path, number: str, why: str, by: str, as_json: bool) -> None:
    """Undo an opt-out that was meant for another number.

    If the digits of a sender can mean several numbers, its STOP binds all of them. In `modemd optouts`, the channel of the other
    numbers is `reading`: this command is for them. If a number has said STOP itself, only its own START ends the opt-out.
    """
    undone = post_json(load(config), f"/v1/optouts/{quote_number(number)}/undo", {"why": why, "by": by})
    if as_json:
        print_json(undone)
    else:
        echo(f"{number} is not opted out any more")


@options.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Show everything about this report.")
@click.option("--unmatched", is_flag=True, help="Only reports that belong to no message.")
@options.limit
@options.as_json
def reports(config: Path, id: int | None, unmatched: bool, limit: int, as_json: bool) -> None:
    """Show the status reports, newest first.

    For a report that belongs to no message, show why.
    """
    settings = load(config)
    found = fetch_list(settings, "/v1/reports", {"id": id, "matched": "false" if unmatched else None, "limit": limit})
    if id is not None:
        print_one(found.rows, f"there is no report {id}", zone=settings.timezone, as_json=as_json)
        return
    unmatched_rows: list[dict[str, Any]] = []
    printed = print_rows(
        _collect_unmatched(found.rows, unmatched_rows),
        ("id", "message", "to", "meaning", "stored_at", "discharged_at", "accepted_at", "status", "sim", "reference"),
        as_json=as_json,
        none="no unmatched reports" if unmatched else "no reports",
        zone=settings.timezone,
        spare=("accepted_at", "reference", "sim", "status", "discharged_at"),
    )
    if as_json:
        return
    for row in unmatched_rows:
        echo(f"report {row['id']} is unmatched: {row['because']}")
    print_cut(printed, found.total)


# Reasons are said below the table for so many reports; `--id` says that of each.
MOST_REASONS = 50


def _collect_unmatched(rows: Iterator[dict[str, Any]], into: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yields the rows, and keeps the first of those that belong to no message."""
    for row in rows:
        if row["message"] is None and len(into) < MOST_REASONS:
            into.append(row)
        yield row
