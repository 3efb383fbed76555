"""`modemd ussd`: a code to the network, and its menus."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.output import print_json, print_rows, print_table, printable
from modemd.config import Settings, load
from modemd.errors import Refused
from modemd.service.modems.ussd import ANSWER_S, LONGEST_ANSWER_S, QUEUE_S


@click.command()
@options.config_file
@click.argument("code")
@click.option("--modem", "name", required=True, help="The modem's name.")
@click.option("--reply", "replies", multiple=True, help="A reply to the menu that the code brings; once for each menu.")
@click.option(
    "--timeout",
    "timeout_s",
    default=ANSWER_S,
    show_default=True,
    type=click.FloatRange(1, LONGEST_ANSWER_S),
    help="Seconds to wait for each answer of the network.",
)
@options.as_json
def ussd(config: Path, code: str, name: str, replies: tuple[str, ...], timeout_s: float, as_json: bool) -> None:
    """Say a USSD code, as '*100#', and show what the network answers.

    Where it answers with a menu and no --reply is left, a person at a terminal is asked for one; else the session is ended.
    """
    session = _Session(load(config), f"/v1/modems/{quote(name, safe='')}/ussd", timeout_s, as_json)
    try:
        session.send(code)
        for reply in replies:
            if session.open_session is None:
                raise Refused("ussd_ended", f"the network did not ask for a reply; {reply!r} was not said")
            session.send(reply)
        if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            session.prompt_replies()
    finally:
        session.end()
    if as_json:
        print_json(session.answers)


class _Session:
    """What is said and answered; `waits` is the session that waits for a reply."""

    def __init__(self, settings: Settings, path: str, timeout_s: float, as_json: bool) -> None:
        self._settings = settings
        self._path = path
        self._timeout_s = timeout_s
        self._is_quiet = as_json
        self.answers: list[dict[str, Any]] = []
        self.open_session: int | None = None

    def send(self, text: str) -> None:
        """A code, or a reply; its answer is shown."""
        waited, self.open_session = self.open_session, None
        document = {"text": text, "session": waited, "timeout_s": self._timeout_s}
        answer = post_json(self._settings, self._path, document, timeout_s=self._timeout_s + QUEUE_S + 5)
        self.answers.append(answer)
        self.open_session = answer["session"]
        if not self._is_quiet:
            for line in (answer["text"] or answer["state"]).splitlines():
                click.echo(printable(line))

    def prompt_replies(self) -> None:
        """Ask the person for replies, as long as the network wants one."""
        while self.open_session is not None:
            reply = click.prompt("reply (empty: end)", default="", show_default=False).strip()
            if not reply:
                return
            self.send(reply)

    def end(self) -> None:
        """Tell the network that no reply will come."""
        waited, self.open_session = self.open_session, None
        if waited is not None:
            post_json(self._settings, f"{self._path}/{waited}/end", {})


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
        _print_wire(call_api(load(config), "GET", f"/v1/modems/{quote(name, safe='')}/wire"), as_json)
        return
    rows = [row for row in call_api(load(config), "GET", "/v1/modems") if name in (None, row["name"])]
    none = "no modem is found" if name is None else f"there is no modem {name!r}"
    if as_json or not rows:
        print_rows(rows, (), as_json=as_json, none=none)
    else:
        _modem_table(rows)
        if name is not None:
            print_recovery(rows[0].get("recovery"))


def print_recovery(recovery: dict[str, Any] | None) -> None:
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
    print_table(shown, (*_MODEM_COLUMNS, "balance") if any(balances) else _MODEM_COLUMNS)


def _print_wire(lines: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(lines)
    elif not lines:
        click.echo("nothing has passed yet")
    for line in () if as_json else lines:
        click.echo(f"{line['at']}  {line['way']} {printable(line['text'])}")
