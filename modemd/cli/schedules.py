"""`modemd schedules`: adds, lists, pauses and removes recurring sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json, warn_without_daemon
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_rows, print_table, print_warnings, printable
from modemd.config import load

name = click.argument("name")


@options.group()
def schedules() -> None:
    """Add, list, pause and remove recurring sends."""


@schedules.command()
@options.config_file
@name
@click.option(
    "--cron",
    required=True,
    help="The times: minute, hour, day of the month, month, day of the week, such as '30 9 * * 1-5'.",
)
@click.option("--to", required=True, multiple=True, help="A recipient. Write the option once for each recipient.")
@options.text("The text of the messages.")
@options.purpose
@options.valid
@options.window
@options.subscribers
@options.answers
@click.option(
    "--sim", help="The only SIM that may send the messages, by its ICCID. Without this option, modemd chooses."
)
@click.option(
    "--late",
    is_flag=True,
    help="Replace all missed runs with one late run. Without this option, missed runs are left out.",
)
@options.no_report
@options.short_code
@options.as_json
def add(
    config: Path,
    name: str,
    cron: str,
    to: tuple[str, ...],
    text: str,
    message_class: str,
    valid: str | None,
    window: str | None,
    list_name: str | None,
    answers: list[str] | None,
    sim: str | None,
    late: bool,
    no_report: bool,
    short_code: bool,
    as_json: bool,
) -> None:
    """Add a recurring send.

    modemd sends its messages at the times of a cron expression, in the configured time zone.
    """
    new: dict[str, object] = {
        "name": name,
        "cron": cron,
        "to": to,
        "text": text,
        "class": message_class,
        "valid": valid,
    }
    new |= {
        "window": window,
        "list": list_name,
        "answers": answers or [],
        "sim": sim,
        "late": late,
        "report": False if no_report else None,
        "short_code": short_code,
    }
    settings = load(config)
    added = post_json(settings, "/v1/schedules", new)
    warn_without_daemon(settings)
    print_warnings(added["warnings"])
    _print_schedule(added, as_json)


@schedules.command("list")
@options.config_file
@options.as_json
def list_(config: Path, as_json: bool) -> None:
    """List the recurring sends, by name."""
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/schedules", query={"limit": 0})
    if not as_json:
        rows = [row | {"to": ", ".join(row["to"]), "next": _describe_next(row)} for row in rows]
    columns = ("name", "cron", "timezone", "next", "paused", "late", "class", "to", "text")
    spare = ("timezone", "late", "class", "to")
    print_rows(rows, columns, as_json=as_json, none="no schedules", zone=settings.timezone, spare=spare)


@schedules.command("show")
@options.config_file
@name
@options.as_json
def show_(config: Path, name: str, as_json: bool) -> None:
    """Show one recurring send, and its last runs."""
    settings = load(config)
    found = call_api(settings, "GET", f"/v1/schedules/{quote(name, safe='')}")
    _print_schedule(found, as_json)
    if not as_json:
        echo(printable(found["text"]))
        if found["runs"]:
            runs = [run | {"messages": ", ".join(map(str, run["messages"]))} for run in found["runs"]]
            print_table(runs, ("local", "outcome", "at", "messages", "error"), zone=settings.timezone, spare=("at",))
        else:
            echo("no runs yet")


@schedules.command()
@options.config_file
@name
@authorship_options
@options.as_json
def pause(config: Path, name: str, why: str, by: str, as_json: bool) -> None:
    """Pause a recurring send until it is resumed."""
    _print_schedule(_decide(config, name, "pause", why, by), as_json)


@schedules.command()
@options.config_file
@name
@authorship_options
@options.as_json
def resume(config: Path, name: str, why: str, by: str, as_json: bool) -> None:
    """Resume a paused recurring send. Runs that came in the pause are left out."""
    _print_schedule(_decide(config, name, "resume", why, by), as_json)


@schedules.command()
@options.config_file
@name
@authorship_options
@options.as_json
def remove(config: Path, name: str, why: str, by: str, as_json: bool) -> None:
    """Remove a recurring send. Messages that it has already made are still sent."""
    found = _decide(config, name, "remove", why, by)
    if as_json:
        print_json(found)
    else:
        echo(f"schedule {name} removed")


def _decide(config: Path, name: str, decision: str, why: str, by: str) -> dict[str, Any]:
    """Posts a decision (`pause`, `resume`, `remove`) about a schedule, and returns the schedule."""
    path = f"/v1/schedules/{quote(name, safe='')}/{decision}"
    schedule: dict[str, Any] = post_json(load(config), path, {"why": why, "by": by})
    return schedule


def _describe_next(schedule: dict[str, Any]) -> str | None:
    """Returns the next run as local time of the zone of the schedule, which is shown beside it; None if it never comes."""
    return schedule["next"][:16].replace("T", " ") if schedule["next"] else None


def _print_schedule(schedule: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(schedule)
        return
    when = "paused" if schedule["paused"] else f"next {_describe_next(schedule)}"
    times = f"{schedule['cron']}, {schedule['timezone']}"
    count = len(schedule["to"])
    echo(f"schedule {schedule['name']} ({times}): {when}, {count} recipient{'' if count == 1 else 's'}")
