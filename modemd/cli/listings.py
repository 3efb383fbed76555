"""`modemd status`, `messages`, `inbox`, `modems`, `optouts`, `reports` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import following, options, overview
from modemd.cli.door import call
from modemd.cli.tables import print_json, printable, show, table
from modemd.config import load
from modemd.rules.classes import KINDS
from modemd.rules.states import Message

_MODEM_COLUMNS = (
    "name",
    "place",
    "health",
    "reason",
    "model",
    "number",
    "registration",
    "operator",
    "signal_dbm",
    "sent",
)


@click.command()
@options.config_file
@options.as_json
def status(config: Path, as_json: bool) -> None:
    """Whether a message can pass, how the modems are, and what waits."""
    found = call(load(config), "GET", "/v1/status")
    if as_json:
        print_json(found)
    else:
        overview.print_status(found)


@click.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Only this message.")
@click.option("--state", type=click.Choice([state.value for state in Message]), help="Only messages in this state.")
@click.option("--batch", type=click.IntRange(min=1), help="Only messages of this batch.")
@options.limit
@options.as_json
def messages(config: Path, id: int | None, state: str | None, batch: int | None, limit: int, as_json: bool) -> None:
    """Outbound messages, newest first."""
    query = {"id": id, "state": state, "batch": batch, "limit": limit}
    rows = call(load(config), "GET", "/v1/messages", query=query)
    columns = ("id", "to", "class", "state", "reason", "parts", "created_at", "delivered_at", "text")
    show(rows, columns, as_json=as_json, none="no messages")


@click.command()
@options.config_file
@click.option("--id", type=click.IntRange(min=1), help="Only this message.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--follow", is_flag=True, help="Stay, and tell each that comes, oldest first.")
@options.limit
@options.as_json
def inbox(config: Path, id: int | None, kind: str | None, follow: bool, limit: int, as_json: bool) -> None:
    """What came in, newest first: messages, missed calls, and what the network says."""
    if follow:
        if id is not None or kind is not None:
            raise click.UsageError("--follow goes without --id and --kind")
        following.follow(load(config), limit, as_json=as_json)
        return
    rows = call(load(config), "GET", "/v1/inbox", query={"id": id, "kind": kind, "limit": limit})
    columns = ("id", "kind", "from", "to_sim", "stored_at", "complete", "text")
    show(rows, columns, as_json=as_json, none="nothing came in")


@click.command()
@options.config_file
@click.option("--id", "name", help="Only the modem of this name.")
@click.option(
    "--wire", is_flag=True, help="The last lines between host and modem, without what is personal; with --id."
)
@options.as_json
def modems(config: Path, name: str | None, wire: bool, as_json: bool) -> None:
    """The modems, and how they are; and what is plugged in and cannot be used, with the reason."""
    if wire:
        if name is None:
            raise click.UsageError("--wire needs --id")
        _show_wire(call(load(config), "GET", f"/v1/modems/{quote(name, safe='')}/wire"), as_json)
        return
    rows = [row for row in call(load(config), "GET", "/v1/modems") if name in (None, row["name"])]
    none = "no modem is found" if name is None else f"there is no modem {name!r}"
    if as_json or not rows:
        show(rows, (), as_json=as_json, none=none)
    else:
        _modem_table(rows)
        if name is not None:
            show_recovery(rows[0].get("recovery"))


def show_recovery(recovery: dict[str, Any] | None) -> None:
    """Where a modem stands on its ladder; nothing where it never had to climb."""
    if recovery is None or not recovery["counts"]:
        return
    if recovery["trouble"] is not None:
        click.echo(f"trouble: {recovery['trouble']}; last rung: {recovery['rung'] or 'none'}")
    click.echo(f"last reason: {recovery['reason']}")
    for rung, count in recovery["counts"].items():
        click.echo(f"{rung}: {count} since the start, {recovery['spent_s'].get(rung, 0.0):.1f} s")


def _modem_table(rows: list[dict[str, Any]]) -> None:
    """The modems, and where any SIM's is known its balance."""
    balances = [row.get("balance") for row in rows]
    shown = [
        row
        | {"reason": row["reason"] or "; ".join(row["remarks"]) or None}
        | {"balance": f"{found['amount']:.2f}{' (low)' if found['low'] else ''}" if found else None}
        for row, found in zip(rows, balances, strict=True)
    ]
    table(shown, (*_MODEM_COLUMNS, "balance") if any(balances) else _MODEM_COLUMNS)


def _show_wire(lines: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(lines)
    elif not lines:
        click.echo("nothing has passed yet")
    for line in () if as_json else lines:
        click.echo(f"{line['at']}  {line['way']} {printable(line['text'])}")


@click.command("optouts")
@options.config_file
@options.limit
@options.as_json
def opt_outs(config: Path, limit: int, as_json: bool) -> None:
    """Who has opted out, newest first."""
    rows = call(load(config), "GET", "/v1/optouts", query={"limit": limit})
    show(rows, ("number", "since", "word", "language", "channel"), as_json=as_json, none="nobody has opted out")


@click.command()
@options.config_file
@click.option("--unmatched", is_flag=True, help="Only those that belong to no message.")
@options.limit
@options.as_json
def reports(config: Path, unmatched: bool, limit: int, as_json: bool) -> None:
    """Status reports, newest first; of unmatched ones, why they are nobody's."""
    query = {"matched": "false" if unmatched else None, "limit": limit}
    rows = call(load(config), "GET", "/v1/reports", query=query)
    if as_json or not rows:
        show(rows, (), as_json=as_json, none="no unmatched reports" if unmatched else "no reports")
        return
    table(
        rows,
        ("id", "stored_at", "sim", "reference", "to", "status", "meaning", "accepted_at", "discharged_at", "message"),
    )
    for row in rows:
        if row["message"] is None:
            click.echo(f"report {row['id']} is unmatched: {row['because']}")


@click.command()
@options.config_file
@click.argument("id", type=click.IntRange(min=1))
@options.as_json
def explain(config: Path, id: int, as_json: bool) -> None:
    """The whole story of a message."""
    found = call(load(config), "GET", f"/v1/messages/{id}")
    if as_json:
        print_json(found)
        return
    reason = f" ({found['reason']})" if found["reason"] else ""
    until = f" until {found['until']}" if found["until"] else ""
    click.echo(
        f"message {found['id']} to {found['to']}, {found['class']}, {found['parts']} part(s): "
        f"{found['state']}{until}{reason}"
    )
    click.echo(found["text"])
    came = {report["id"]: _report(report) for report in found["reports"]}
    for event in found["events"]:
        detail = event["detail"] | came.get(event["detail"].get("report"), {})
        click.echo(f"{event['at']}  {event['what']}{_detail(detail)}")


def _report(report: dict[str, Any]) -> dict[str, Any]:
    """What a report said, as details of its event."""
    told = {"means": report["meaning"], "accepted_at": report["accepted_at"], "discharged_at": report["discharged_at"]}
    return {key: value for key, value in told.items() if value is not None}


def _detail(detail: dict[str, Any]) -> str:
    return "".join(f"  {key}={value}" for key, value in detail.items())
