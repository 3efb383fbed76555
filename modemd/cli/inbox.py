"""`modemd inbox`, `optouts` and `reports`: lists of what the network sent; `undo-optout`: a decision about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from modemd.cli import options
from modemd.cli.client import call_api, parse_response, post_json
from modemd.cli.output import echo, print_json, print_json_line, print_rows, print_table, printable
from modemd.config import Settings, load
from modemd.http.unix import request
from modemd.rules.classes import KINDS

POLL_INTERVAL_S = 1.0
PAGE_SIZE = 500


def follow_inbox(
    settings: Settings,
    limit: int,
    *,
    as_json: bool,
    wait: Callable[[float], None] = time.sleep,
    ask: Callable[[Settings, dict[str, Any]], list[dict[str, Any]] | None] | None = None,
) -> None:
    """Prints the last `limit` messages (0: all), oldest first, then each new one, until Ctrl-C. With `as_json`, one JSON document
    a line. While no daemon listens, nothing comes in, and it waits for one. `ask` returns the rows, or None if no daemon listens.
    """
    ask = ask or _fetch_rows
    last = call_api(settings, "GET", "/v1/inbox", query={"limit": limit})
    last.sort(key=lambda row: (row["seen_at"], row["id"]))
    since = last[-1]["seen_at"] if last else "1970-01-01T00:00:00+00:00"
    printed: set[int] = {row["id"] for row in last if row["seen_at"] == since}
    for row in last:
        _print_row(row, as_json)
    while True:
        rows = ask(settings, {"since": since, "limit": PAGE_SIZE})
        for row in rows or ():
            if row["seen_at"] != since:
                since, printed = row["seen_at"], set()
            if row["id"] not in printed:
                printed.add(row["id"])
                _print_row(row, as_json)
        if rows is None or len(rows) < PAGE_SIZE:
            wait(POLL_INTERVAL_S)


def _fetch_rows(settings: Settings, query: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Returns a daemon's answer; None if no daemon listens. Never opens the database: that would keep a daemon from starting."""
    try:
        found: list[dict[str, Any]] = parse_response(*request(settings.socket, "GET", f"/v1/inbox?{urlencode(query)}"))
    except OSError:
        return None
    return found


def _print_row(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json_line(row)
    else:
        missing = "" if row["complete"] else f" ({row['parts']} of {row['total']} parts)"
        echo(f"{row['seen_at'][:19]}Z  {printable(row['from'])} -> {row['to_sim']}{missing}: {printable(row['text'])}")


@options.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Only this message.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--follow", is_flag=True, help="Run until Ctrl-C, and print each new message, oldest first.")
@options.limit
@options.as_json
def inbox(config: Path, id: int | None, kind: str | None, follow: bool, limit: int, as_json: bool) -> None:
    """Show what came in, newest first.

    These are messages, missed calls, and notices of the network.
    """
    if follow:
        if id is not None or kind is not None:
            raise click.UsageError("--follow cannot be used with --id or --kind")
        follow_inbox(load(config), limit, as_json=as_json)
        return
    rows = call_api(load(config), "GET", "/v1/inbox", query={"id": id, "kind": kind, "limit": limit})
    columns = ("id", "kind", "from", "to_sim", "stored_at", "complete", "text")
    print_rows(rows, columns, as_json=as_json, none="no inbound messages")


@options.command("optouts")
@options.config_file
@options.limit
@options.as_json
def opt_outs(config: Path, limit: int, as_json: bool) -> None:
    """Show the numbers that have opted out, newest first."""
    rows = call_api(load(config), "GET", "/v1/optouts", query={"limit": limit})
    print_rows(rows, ("number", "since", "word", "language", "channel"), as_json=as_json, none="nobody has opted out")


@options.command("undo-optout")
@options.config_file
@click.argument("number")
@options.authorship_options
@options.as_json
def undo_opt_out(config: Path, number: str, why: str, by: str, as_json: bool) -> None:
    """Undo an opt-out that was meant for another number.

    The STOP of a sender binds every number that its digits can mean (channel `reading`). If a number has opted out by its own
    words, only its own START ends that.
    """
    undone = post_json(load(config), f"/v1/optouts/{quote(number, safe='')}/undo", {"why": why, "by": by})
    if as_json:
        print_json(undone)
    else:
        echo(f"{number} is not opted out any more")


@options.command()
@options.config_file
@click.option("--unmatched", is_flag=True, help="Only reports that belong to no message.")
@options.limit
@options.as_json
def reports(config: Path, unmatched: bool, limit: int, as_json: bool) -> None:
    """Show the status reports, newest first.

    For a report that belongs to no message, show why.
    """
    query = {"matched": "false" if unmatched else None, "limit": limit}
    rows = call_api(load(config), "GET", "/v1/reports", query=query)
    if as_json or not rows:
        print_rows(rows, (), as_json=as_json, none="no unmatched reports" if unmatched else "no reports")
        return
    print_table(
        rows,
        ("id", "stored_at", "sim", "reference", "to", "status", "meaning", "accepted_at", "discharged_at", "message"),
    )
    for row in rows:
        if row["message"] is None:
            echo(f"report {row['id']} is unmatched: {row['because']}")
