"""`modemd status` and `modemd alarms`: the state of everything on one screen, and the alarms."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click

from modemd.cli import options, sims
from modemd.cli.client import call_api, post_json, warn_without_daemon
from modemd.cli.output import echo, print_json, print_rows, print_sentence, print_table, printable
from modemd.cli.show.times import format_time, localise
from modemd.config import load
from modemd.http.unix import CLIENT_TIMEOUT_S


@options.group(invoke_without_command=True)
@options.config_of_group
@click.option("--all", "cleared", is_flag=True, help="Show also the alarms that are over.")
@options.limit
@options.as_json
@click.pass_context
def alarms(context: click.Context, config: Path | None, cleared: bool, limit: int, as_json: bool) -> None:
    """Show the alarms that need a person, newest first."""
    if context.invoked_subcommand is not None:
        return
    settings = load(options.need_config(context, config))
    rows = call_api(settings, "GET", "/v1/alarms", query={"cleared": str(cleared).lower(), "limit": limit})
    over = ["cleared_at"] if cleared else []
    print_rows(
        rows,
        ["id", "raised_at", *over, "code", "subject", "text", "sms_at", "command_at"],
        as_json=as_json,
        none="no alarms",
        zone=settings.timezone,
        spare=("command_at", "sms_at", "subject", "code"),
        whole=("text",),
    )


@alarms.command("test")
@options.config_file
@options.as_json
def test_alarms(config: Path, as_json: bool) -> None:
    """Send a test to everybody who is notified of alarms.

    The command sends an SMS to each number of alarms.to, and runs the program of alarms.command. Exit status 1: neither is
    configured, or the program has failed.
    """
    settings = load(config)
    found = post_json(settings, "/v1/alarms/test", {}, timeout_s=CLIENT_TIMEOUT_S + TEST_S)
    warn_without_daemon(settings)
    if as_json:
        print_json(found)
    else:
        for id in found["messages"]:
            echo(f"message {id} is queued; modemd explain {id} shows what becomes of it")
        if found["has_command"] and found["failure"] is None:
            echo("the command ended with 0")
    if found["failure"] is not None:
        echo(f"modemd: alarms.command has failed: {printable(found['failure'])}", err=True)
        sys.exit(1)


# The command for alarms may take this long (`alarms.command_limit` at its most).
TEST_S = 600.0
MODEM_COLUMNS = ("name", "health", "reason", "model", "number", "registration", "signal_dbm", "sent")
# The most lines of a list on the screen; further rows are only counted.
MOST_LINES = 8
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


# The least important columns first, if the terminal is too narrow.
SPARE_COLUMNS = ("sent", "model", "signal_dbm", "registration", "number")


def print_status(found: Mapping[str, Any], zone: tzinfo | None = None) -> None:
    """Prints whether a message can pass; alarms; modems and SIMs; what waits, by class and age, and what is held, by reason."""
    print_sentence(localise(printable(found["message"]), zone))
    if not found["clock"]["trusted"]:
        because = localise(found["clock"]["because"], zone)
        print_sentence(f"the clock is not trusted ({because}): calendar, expiry and marketing are stopped")
    for alarm in found["alarms"][:MOST_LINES]:
        print_sentence(
            f"alarm {alarm['id']} since {format_time(alarm['raised_at'], zone)}: {localise(printable(alarm['text']), zone)}"
        )
    _print_omitted(found["alarms"], "alarms", "modemd alarms")
    _sorted_table(found["modems"], MODEM_COLUMNS, "modems", "modemd modems", zone, SPARE_COLUMNS)
    if found["sims"]:
        rows = [sims.table_row(row) for row in found["sims"]]
        _sorted_table(rows, sims.COLUMNS, "SIMs", "modemd sims list", zone, sims.SPARE_COLUMNS)
    if found["waiting"]:
        rows = [row | {"oldest": format_age(row["age_s"])} for row in found["waiting"]]
        print_table(rows, ("state", "class", "messages", "oldest"))
        for row in rows:
            if row["waits"] is not None:
                print_sentence(
                    printable(f"the oldest {row['state']} {row['class']} waits because {row['waits']['message']}")
                )
    elif not found["in_batches"]:
        print_sentence("nothing waits")
    if found["in_batches"]:
        print_sentence(f"{found['in_batches']} rows of batches are accepted, and no messages yet: modemd batches")
    if found["held"]:
        held = [f"{row['messages']} {printable(row['reason'] or 'for an unknown reason')}" for row in found["held"]]
        print_sentence(f"held: {', '.join(held[:MOST_LINES])}{', ...' if len(held) > MOST_LINES else ''}")
    if found["open_reviews"]:
        print_sentence(f"{found['open_reviews']} reviews wait for a decision: modemd consent reviews")
    print_sentence(f"{found['opted_out']} opted out, {found['unmatched_reports']} unmatched reports")


def format_age(seconds: int) -> str:
    """Returns seconds in the largest unit that fits, rounded down: `3 min`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def _sorted_table(
    rows: Sequence[dict[str, Any]],
    columns: Sequence[str],
    what: str,
    command: str,
    zone: tzinfo | None,
    spare: Sequence[str],
) -> None:
    """Prints a table of at most `MOST_LINES` rows; if there are more, those with trouble come first."""
    if len(rows) > MOST_LINES:
        rows = sorted(rows, key=lambda row: (row.get("health") == "ready", not row.get("paused")))
    shown = [column for column in columns if any(column in row for row in rows)]
    print_table(rows[:MOST_LINES], shown, zone=zone, spare=spare, whole=("reason",))
    _print_omitted(rows, what, command)


def _print_omitted(rows: Sequence[object], what: str, command: str) -> None:
    if len(rows) > MOST_LINES:
        print_sentence(f"... and {len(rows) - MOST_LINES} more {what}: {command}")


@options.command()
@options.config_file
@click.option("--check", is_flag=True, help="End with exit status 1 if no message can pass.")
@options.as_json
@click.pass_context
def status(context: click.Context, config: Path, check: bool, as_json: bool) -> None:
    """Show whether messages pass, the modems, and what waits."""
    settings = load(config)
    found = call_api(settings, "GET", "/v1/status")
    if as_json:
        print_json(found)
    else:
        print_status(found, settings.timezone)
    if check and not found["can_send"]:
        context.exit(1)
