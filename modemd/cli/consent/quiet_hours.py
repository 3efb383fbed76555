"""`modemd quiet-hours`: when marketing may reach people, by country or for a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api
from modemd.cli.output import echo, print_json, print_sentence, print_table, printable
from modemd.cli.show.times import format_time, parse_moment
from modemd.config import Settings, load

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COLUMNS = ("row", *DAYS, "holidays", "basis", "confidence")
SPARE_COLUMNS = ("confidence", "basis", "tue", "wed", "thu", "fri")
MOST_HOLIDAYS = 15


@options.command("quiet-hours")
@options.config_file
@click.argument("subject", metavar="[COUNTRY|NUMBER]", required=False)
@click.option("--at", metavar="TIME", help="Judge the number at this time instead of now.")
@options.as_json
def quiet_hours(config: Path, subject: str | None, at: str | None, as_json: bool) -> None:
    """Show when marketing may reach people, in their own time.

    Without an argument: the hours of all countries. With a country (FR) or a region (US-FL): its hours, where they come from, and
    its public holidays. With a number: where it can be, whether marketing may go there now, why, and when next.
    """
    settings = load(config)
    query = {"of": subject, "at": parse_moment(at, settings.timezone)}
    found = call_api(settings, "GET", "/v1/quiet-hours", query=query)
    if as_json:
        print_json(found)
        return
    if not found["enabled"]:
        echo("quiet hours are switched off (quiet_hours.enabled)")
    if subject is None:
        rows = [{**row["days"], **row, "holidays": row["public_holidays"]} for row in found["rows"]]
        print_table(rows, COLUMNS, zone=settings.timezone, spare=SPARE_COLUMNS)
    else:
        if found["number"] is not None:
            _print_number(found["number"], settings)
        for row in found["rows"]:
            _print_row(row)
        _print_holidays(found)
    print_sentence(found["notice"])


def _print_number(number: dict[str, Any], settings: Settings) -> None:
    """Prints where a number can be, and whether marketing may go."""
    place = f"{number['country'] or 'no country'}{f', {region}' if (region := number['region']) else ''}"
    zones = ", ".join(number["zones"]) or "no time zone"
    print_sentence(f"{printable(number['number'])}: {place}; {zones}")
    if number["counted"] != number["zones"]:
        print_sentence(f"counted: {', '.join(number['counted'])} (quiet_hours.fallback_zones)")
    moment = format_time(number["at"], settings.timezone)
    if number["may_send"]:
        closes_at = number["closes_at"]
        until = f", until {format_time(closes_at, settings.timezone)}" if closes_at else ""
        print_sentence(f"marketing may go at {moment}{until}")
        return
    print_sentence(f"marketing is held at {moment} ({number['reason']}): {number['because']}")
    if number["until"]:
        echo(f"until {format_time(number['until'], settings.timezone)}")
    else:
        echo("until the message expires, or the configuration changes")


def _print_row(row: dict[str, Any]) -> None:
    """Prints the hours of one row, and where they come from."""
    print_sentence(f"{row['row']}: {row['said']}")
    parts = [f"basis: {row['basis']}"]
    parts += [f"{key}: {row[key]}" for key in ("confidence", "source", "notes") if row[key]]
    if row["changed"]:
        parts.append(f"changed by the configuration: {', '.join(row['changed'])}")
    for part in parts:
        print_sentence(f"  {part}")


def _print_holidays(found: dict[str, Any]) -> None:
    """Prints the next public holidays, and whether they are known."""
    if all(row["public_holidays"] == "allowed" for row in found["rows"]):
        return
    for each in found["holidays"][:MOST_HOLIDAYS]:
        echo(f"{each['day']}  {printable(each['name'])} ({each['place']})")
    if found["holidays_known_until"] is None:
        print_sentence(
            "the public holidays are not known: the daemon computes them while it runs, for the countries that may be written to"
        )
