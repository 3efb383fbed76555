"""`modemd ussd`: a code to the network, and its menus."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.door import post_json
from modemd.cli.tables import print_json, printable
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
        session.say(code)
        for reply in replies:
            if session.waits is None:
                raise Refused("ussd_ended", f"the network did not ask for a reply; {reply!r} was not said")
            session.say(reply)
        if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            session.talk()
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
        self._quiet = as_json
        self.answers: list[dict[str, Any]] = []
        self.waits: int | None = None

    def say(self, text: str) -> None:
        """A code, or a reply; its answer is shown."""
        waited, self.waits = self.waits, None
        document = {"text": text, "session": waited, "timeout_s": self._timeout_s}
        answer = post_json(self._settings, self._path, document, timeout_s=self._timeout_s + QUEUE_S + 5)
        self.answers.append(answer)
        self.waits = answer["session"]
        if not self._quiet:
            for line in (answer["text"] or answer["state"]).splitlines():
                click.echo(printable(line))

    def talk(self) -> None:
        """Ask the person for replies, as long as the network wants one."""
        while self.waits is not None:
            reply = click.prompt("reply (empty: end)", default="", show_default=False).strip()
            if not reply:
                return
            self.say(reply)

    def end(self) -> None:
        """Tell the network that no reply will come."""
        waited, self.waits = self.waits, None
        if waited is not None:
            post_json(self._settings, f"{self._path}/{waited}/end", {})
