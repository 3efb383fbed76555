"""`modemd sims`, `pause`, `resume`, `pauses` and `policies`: the known SIMs, the admission of a new one, pauses of sending, and
what is to be known about sending in each country."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_sentence, print_table, print_warnings, printable
from modemd.cli.sending.batches import decide
from modemd.cli.show.times import format_time
from modemd.config import Settings, load
from modemd.rules.country_policies.policies import EVERYWHERE, NO_ADVICE
from modemd.rules.pauses import BATCH_PAUSED, Pause

COLUMNS = ("sim", "number", "modem", "admitted_at", "hour", "day", "month", "marketing", "warm_up", "paused")
# The least important first, if the terminal is too narrow.
SPARE_COLUMNS = ("admitted_at", "warm_up", "modem", "month", "hour", "marketing", "number")

_LIMITS = {
    "hour": "quota_hour",
    "day": "quota_day",
    "month": "quota_month",
    "marketing": "marketing_brake",
    "warm_up": "warm_up",
}


@options.group()
def sims() -> None:
    """List the SIMs, and admit new ones."""


@sims.command("list")
@options.config_file
@options.as_json
def list_sims(config: Path, as_json: bool) -> None:
    """List the SIMs, their use of quotas, and what is paused."""
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/sims")
    if as_json:
        print_json(rows)
        return
    if rows:
        print_table([table_row(row) for row in rows], COLUMNS, zone=settings.timezone, spare=SPARE_COLUMNS)
    else:
        echo("no SIMs yet")
    _print_pauses(call_api(settings, "GET", "/v1/pauses"), settings)


@sims.command()
@options.config_file
@click.argument("iccid")
@options.as_json
def admit(config: Path, iccid: str, as_json: bool) -> None:
    """Allow modemd to use a new SIM. Needed only if admit_sims is manual."""
    row = call_api(load(config), "POST", f"/v1/sims/{quote(iccid, safe='')}/admit")
    if as_json:
        print_json(row)
    else:
        echo(f"SIM {row['sim']} is admitted")


def _print_pauses(pauses: list[dict[str, Any]], settings: Settings) -> None:
    """Prints a line for each pause: what, since when, by whom and why."""
    for pause in pauses:
        since = format_time(pause["at"], settings.timezone)
        what = f"{_describe_pause(pause)} is paused since {since} by {pause['by']}: {pause['why']}"
        print_sentence(printable(what))


def _describe_pause(pause: dict[str, Any]) -> str:
    """Returns in words what is paused: a class, a SIM, both, or the queue."""
    return str(Pause(pause["class"], pause["sim"]))


def table_row(row: dict[str, Any]) -> dict[str, Any]:
    """Returns a SIM as a row of the table; each quota reads "used of most"."""
    used = {
        column: f"{row['limits'][reason]['used']} of {row['limits'][reason]['most']}"
        for column, reason in _LIMITS.items()
        if reason in row["limits"]
    }
    return row | used | {"paused": ", ".join(row["paused"]) or None}


@options.command()
@options.config_file
@options.class_of_messages("Only this class of messages.")
@click.option("--sim", help="Only this SIM, by its ICCID.")
@options.batch("Only this batch: its messages are held.")
@authorship_options
@options.as_json
def pause(
    config: Path, message_class: str | None, sim: str | None, batch: int | None, why: str, by: str, as_json: bool
) -> None:
    """Pause sending: a class, a SIM, a batch, or everything.

    Alarms go on, unless --class alarm names them. A paused batch also holds its alarms.
    """
    if batch is not None:
        _decide_batch(config, "pause", batch, message_class, sim, why, by, as_json=as_json)
        return
    _post_decision(config, "pause", message_class, sim, why, by, as_json=as_json)


@options.command()
@options.config_file
@options.class_of_messages("The class that is paused.")
@click.option("--sim", help="The SIM that is paused, by its ICCID.")
@options.batch("The batch that is paused.")
@authorship_options
@options.as_json
def resume(
    config: Path, message_class: str | None, sim: str | None, batch: int | None, why: str, by: str, as_json: bool
) -> None:
    """End a pause. Write the same --class, --sim or --batch as for the pause."""
    if batch is not None:
        _decide_batch(config, "resume", batch, message_class, sim, why, by, as_json=as_json)
        return
    _post_decision(config, "resume", message_class, sim, why, by, as_json=as_json)


def _decide_batch(
    config: Path, verb: str, batch: int, message_class: str | None, sim: str | None, why: str, by: str, *, as_json: bool
) -> None:
    if message_class is not None or sim is not None:
        raise click.UsageError("--batch cannot be used with --class or --sim")
    decide(config, verb, batch, why, by, as_json=as_json)


@options.command()
@options.config_file
@options.as_json
def pauses(config: Path, as_json: bool) -> None:
    """Show what is paused, since when, by whom and why.

    With --json, it shows no batches; modemd batches --json does.
    """
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/pauses")
    if as_json:
        print_json(rows)
        return
    batches = [
        row for row in call_api(settings, "GET", "/v1/batches", query={"limit": 0}) if row["reason"] == BATCH_PAUSED
    ]
    if not rows and not batches:
        echo("nothing is paused")
    _print_pauses(rows, settings)
    for batch in batches:
        since = format_time(batch["decided_at"], settings.timezone)
        print_sentence(
            f"batch {batch['id']} is paused since {since} by {printable(batch['decided_by'])}: "
            f"{printable(batch['decided_why'])}; modemd resume --batch {batch['id']} ends it"
        )


def _post_decision(
    config: Path, verb: str, message_class: str | None, sim: str | None, why: str, by: str, *, as_json: bool
) -> None:
    decision = {"class": message_class, "sim": sim, "why": why, "by": by}
    pauses = post_json(load(config), f"/v1/{verb}", decision)
    for each in pauses:
        if verb == "pause" and (each["class"], each["sim"]) == (message_class, sim):
            print_warnings(each["warnings"])
    if as_json:
        print_json(pauses)
        return
    echo(f"{verb}d; {'; '.join(f'{_describe_pause(each)} is paused' for each in pauses) or 'nothing is paused'}")


@options.command()
@options.config_file
@click.argument("country", required=False)
@options.as_json
def policies(config: Path, country: str | None, as_json: bool) -> None:
    """Show what is to be known about sending in a country.

    COUNTRY is two letters, such as FR; without it, all countries. What is listed is not complete.
    """
    rows = call_api(load(config), "GET", "/v1/policies", query={"country": country} if country is not None else {})
    if as_json:
        print_json(rows)
        return
    if country is not None and all(row["country"] == EVERYWHERE for row in rows):
        print_sentence(
            printable(f"nothing is listed for {country.upper()}; that does not mean that everything is allowed")
        )
    for row in rows:
        place = "everywhere" if row["country"] == EVERYWHERE else row["country"]
        print_sentence(printable(f"{place} ({row['severity']}): {row['text']}"), 4)
        print_sentence(printable(f"    source: {row['source']} ({row['checked']})"), 8)
    echo(NO_ADVICE)
