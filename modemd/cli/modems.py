"""`modemd modems` and `modemd ussd`: the modems and their health, and USSD codes through one of them."""

from __future__ import annotations

import sys
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.output import echo, print_fields, print_json, print_rows, printable
from modemd.cli.show.times import format_time
from modemd.config import Settings, load
from modemd.errors import ErrorCode, Refused
from modemd.service.modems.ussd import ANSWER_S, LONGEST_ANSWER_S, QUEUE_S


@options.command()
@options.config_file
@click.argument("code")
@click.option("--modem", "name", required=True, help="The modem's name.")
@click.option(
    "--reply", "replies", multiple=True, help="A reply to a menu of the network. Write the option once for each menu."
)
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
    """Send a USSD code, such as '*100#', and show the answer.

    If the network answers with a menu and no --reply is left, the command asks you for a reply at the terminal. Without a
    terminal, the command ends the session.
    """
    session = _Session(load(config), f"/v1/modems/{quote(name, safe='')}/ussd", timeout_s, as_json)
    try:
        session.send(code)
        for reply in replies:
            if session.open_session is None:
                raise Refused(ErrorCode.USSD_ENDED, f"the network did not ask for a reply; {reply!r} was not sent")
            session.send(reply)
        if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            session.prompt_replies()
    finally:
        session.end()
    if as_json:
        print_json(session.answers)


class _Session:
    """USSD session. `open_session`: the daemon's number of it, while the network waits for a reply."""

    def __init__(self, settings: Settings, path: str, timeout_s: float, as_json: bool) -> None:
        self._settings = settings
        self._path = path
        self._timeout_s = timeout_s
        self._is_quiet = as_json
        self.answers: list[dict[str, Any]] = []
        self.open_session: int | None = None

    def send(self, text: str) -> None:
        """Sends a code or a reply, and prints the answer unless --json was given."""
        session, self.open_session = self.open_session, None
        document = {"text": text, "session": session, "timeout_s": self._timeout_s}
        answer = post_json(self._settings, self._path, document, timeout_s=self._timeout_s + QUEUE_S + 5)
        self.answers.append(answer)
        self.open_session = answer["session"]
        if not self._is_quiet:
            for line in (answer["text"] or answer["state"]).splitlines():
                echo(printable(line))

    def prompt_replies(self) -> None:
        """Asks for replies at the terminal, as long as the network wants one."""
        while self.open_session is not None:
            reply = click.prompt("reply (empty: end)", default="", show_default=False).strip()
            if not reply:
                return
            self.send(reply)

    def end(self) -> None:
        """Ends the session in the network, if it still waits for a reply."""
        session, self.open_session = self.open_session, None
        if session is not None:
            post_json(self._settings, f"{self._path}/{session}/end", {})


_MODEM_COLUMNS = (
    "name",
    "health",
    "reason",
    "model",
    "number",
    "registration",
    "operator",
    "signal_dbm",
    "sent",
    "place",
)
# The least important first, if the terminal is too narrow.
_SPARE_COLUMNS = ("place", "sent", "model", "signal_dbm", "operator", "registration", "number", "balance")


@options.group(invoke_without_command=True)
@options.config_of_group
@click.option("--id", "name", help="Show everything about the modem with this name.")
@click.option(
    "--wire", is_flag=True, help="Show the last lines between host and modem, with personal data masked. Needs --id."
)
@options.as_json
@click.pass_context
def modems(context: click.Context, config: Path | None, name: str | None, wire: bool, as_json: bool) -> None:
    """Show the modems and their health.

    The list also has the devices that modemd cannot use, with the reason.
    """
    if context.invoked_subcommand is not None:
        return
    settings = load(options.need_config(context, config))
    if wire:
        if name is None:
            raise click.UsageError("--wire needs --id")
        lines = call_api(settings, "GET", f"/v1/modems/{quote(name, safe='')}/wire")
        _print_wire(lines, settings.timezone, as_json)
        return
    rows = [row for row in call_api(settings, "GET", "/v1/modems") if name in (None, row["name"])]
    if name is None:
        columns = (*_MODEM_COLUMNS, "balance") if any(row.get("balance") for row in rows) else _MODEM_COLUMNS
        shown = rows if as_json else [_shorten(row) for row in rows]
        print_rows(
            shown,
            columns,
            as_json=as_json,
            none="no modem found",
            zone=settings.timezone,
            spare=_SPARE_COLUMNS,
            whole=("reason",),
        )
        return
    if not rows:
        raise Refused(ErrorCode.NO_MODEM, f"there is no modem {name!r}")
    if as_json:
        print_json(rows)
        return
    recovery = rows[0].get("recovery")
    print_fields({key: value for key, value in rows[0].items() if key != "recovery"}, zone=settings.timezone)
    print_recovery(recovery)


@modems.command()
@options.config_file
@click.argument("name")
@options.as_json
def forget(config: Path, name: str, as_json: bool) -> None:
    """Forget a modem that is gone for good.

    modemd remembers each modem that it has found by itself. Until you run this command, such a modem stays in the list.
    """
    found = post_json(load(config), f"/v1/modems/{quote(name, safe='')}/forget", {})
    if as_json:
        print_json(found)
    else:
        echo(f"modem {name} is forgotten")


def print_recovery(recovery: dict[str, Any] | None) -> None:
    """Prints the recovery of a modem: trouble, last step, and counts. Prints nothing if it never needed a step."""
    if recovery is None or not recovery["counts"]:
        return
    if recovery["trouble"] is not None:
        echo(f"trouble: {recovery['trouble']}; last step: {recovery['rung'] or 'none'}")
    echo(f"last reason: {recovery['reason']}")
    for step, count in recovery["counts"].items():
        echo(f"{step}: {count} since the start, {recovery['spent_s'].get(step, 0.0):.1f} s")


def _shorten(row: dict[str, Any]) -> dict[str, Any]:
    """Returns a modem as a row of the table: its remarks if it has no other reason, and its balance in short."""
    balance = row.get("balance")
    shown = f"{balance['amount']:.2f}{' (low)' if balance['low'] else ''}" if balance else None
    return row | {"reason": row["reason"] or "; ".join(row["remarks"]) or None, "balance": shown}


def _print_wire(lines: list[dict[str, Any]], zone: tzinfo, as_json: bool) -> None:
    if as_json:
        print_json(lines)
    elif not lines:
        echo("no lines yet")
    for line in () if as_json else lines:
        milliseconds = line["at"][19:23]
        echo(f"{format_time(line['at'], zone)}{milliseconds}  {line['way']} {printable(line['text'])}")
