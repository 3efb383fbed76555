"""`modemd demo`: starts the daemon and an emulated network as real processes, and sends messages between them."""

from __future__ import annotations

import http.client
import json
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_emulator, parse_response
from modemd.cli.lab.companions import ChildProcesses
from modemd.cli.output import count_parts, echo
from modemd.config import Settings, load
from modemd.errors import ModemdError
from modemd.http.unix import request

Found = TypeVar("Found")

# Longer than any step takes on a slow machine: the long message needs 3 s on the air at one part a second.
STEP_TIMEOUT_S = 30.0
POLL_INTERVAL_S = 0.05
# A process that is killed closes its sockets a moment before its end can be seen.
EXIT_WAIT_S = 1.0
# Of a text that is longer, only the beginning is shown.
LONGEST_SHOWN = 70
SHOWN_PREFIX = 36

# Numbers that Ofcom keeps for drama: no call and no message reaches anybody.
SIMS = ("+447700900101", "+447700900102")
SHORT_PHONE, LONG_PHONE, EMOJI_PHONE, OTHER_PHONE = (f"+44770090000{digit}" for digit in range(1, 5))
SHORT = "Your parcel arrives today between 14:00 and 15:00."
LONG = (
    "Dear customer, our shop in Harbour Street moves to larger rooms. From Monday on you will find us at 12 Market "
    "Square, beside the library, with the same telephone number and the same opening hours. What you have ordered "
    "already can be collected there from Tuesday on; whatever you would like to have delivered comes to you as before. "
    "The tram lines 4 and 9 stop in front of the door. We look forward to your visit."
)
EMOJI = "Thank you for your order 🎉 See you on Saturday 👋"
OFFER = "This week only: 20 % off all shoes."
APPOINTMENT = "Your appointment is on Tuesday at 9:30."

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_CONFIGURATION = """\
# Written by `modemd demo`.
database: modemd.db
stop_grace_s: 5
modems:
  - name: west
    port: lab/modem0
  - name: east
    port: lab/modem1
"""


class DemoFailed(ModemdError):
    """Step of the demonstration that did not happen. The message says which one."""


class Stopped(BaseException):
    """Signal that ends the demonstration. Not an Exception, so that no handler takes it for a failed step."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@options.command()
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    help="End this many seconds after the start, but not before the last step. Without this option, run until Ctrl-C.",
)
def demo(seconds: float | None) -> None:
    """Show modemd at work, without hardware.

    The command starts a daemon and an emulated network with two modems, and sends messages between them. Exit status 0: every
    step happened.
    """
    ends_at = None if seconds is None else time.monotonic() + seconds
    folder = Path(tempfile.mkdtemp(prefix="modemd-demo-"))
    shown = False
    _on_stop_signals(_raise_stopped)
    try:
        with ChildProcesses(folder) as companions:
            try:
                steps = Demonstration(folder, companions)
                steps.show()
                shown = True
                steps.keep_running(ends_at)
            finally:
                _on_stop_signals(signal.SIG_IGN)  # a second Ctrl-C must not prevent the end of the children
    except ModemdError as error:
        raise DemoFailed(f"demo: {error}; logs and database are kept in {folder}") from error
    except Stopped as stopped:
        shutil.rmtree(folder, ignore_errors=True)
        if not shown:
            echo("modemd: demo: stopped before every step was shown", err=True)
            sys.exit(128 + stopped.number)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    echo("\nThe demo has ended. Every step happened.")


def _on_stop_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, handler)


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    _on_stop_signals(signal.SIG_IGN)
    raise Stopped(number)


class Demonstration:
    """Steps of the demonstration, in order. Each prints a line when it has happened. DemoFailed if it does not happen in time."""

    def __init__(self, folder: Path, companions: ChildProcesses) -> None:
        self._folder = folder
        self._emulator_folder = folder / "lab"
        self._config = folder / "modemd.yaml"
        self._children = companions
        self._started = time.monotonic()
        self._line_count = 0
        self._step_name = ""
        self._settings: Settings

    def show(self) -> None:
        """Runs all steps: from the start of the network to the last delivery report."""
        echo(f"modemd demo: an emulated network with two modems, and the daemon, in {self._folder}")
        echo(
            "This network is kind: it loses no report. Without --kind it would lose one in ten, as real networks do.\n"
        )
        self._start_network()
        self._start_daemon()
        sender = self._show_delivery("short", SHORT_PHONE, SHORT, parts=1)
        self._show_delivery("long", LONG_PHONE, LONG, parts=3)
        self._show_delivery("emoji", EMOJI_PHONE, EMOJI, parts=1)
        self._show_opt_out(SHORT_PHONE, sender)
        self._show_refusal(SHORT_PHONE)
        self._show_delivery("reminder", OTHER_PHONE, APPOINTMENT, parts=1)
        self._show_silence(SHORT_PHONE)

    def keep_running(self, ends_at: float | None) -> None:
        """Suggests commands to try, and waits until `ends_at` (monotonic clock; None: until a signal).

        ChildProcessEnded if a child ends by itself.
        """
        if ends_at is not None and ends_at <= time.monotonic():
            echo("\nThe time of --seconds is over.")
            return
        left = "until Ctrl-C" if ends_at is None else f"for {ends_at - time.monotonic():.0f} s more"
        echo(f"\nThe demo runs {left}. Try in another terminal:\n")
        for words in self._suggested_commands():
            echo(f"  {shlex.join([*_program(), *words])}")
        while ends_at is None or time.monotonic() < ends_at:
            self._children.check()
            time.sleep(POLL_INTERVAL_S)

    def _suggested_commands(self) -> list[list[str]]:
        config, lab = ["--config", str(self._config)], ["--dir", str(self._emulator_folder)]
        return [
            ["status", *config],
            ["messages", *config],
            ["explain", *config, "2"],
            ["send", *config, "--to", LONG_PHONE, "--text", "Hello"],
            ["phone", *lab, LONG_PHONE, "inbox"],
            ["phone", *lab, LONG_PHONE, "send", SIMS[0], "Hello back"],
            ["inbox", *config],
        ]

    # The steps

    def _start_network(self) -> None:
        self._step_name = "network"
        # Each message's report is shown, so no report may be lost.
        numbers = ",".join(SIMS)
        self._children.start(
            "emulator", "emulate", "--kind", "--modems", "2", "--dir", self._emulator_folder, "--numbers", numbers
        )
        modems = self._wait_for("the emulator's answer", self._emulated_modems)
        described = " and ".join(f"{modem['family']} with SIM {modem['number']}" for modem in modems)
        self._print_step(f"up, two modems on ptys: {described}")

    def _emulated_modems(self) -> list[dict[str, Any]] | None:
        if not (self._emulator_folder / "control.sock").exists():
            return None
        try:
            modems: list[dict[str, Any]] = call_emulator(self._emulator_folder, "GET", "/modems")
        except ModemdError:  # the socket is bound a moment before it listens
            return None
        return modems

    def _start_daemon(self) -> None:
        self._step_name = "daemon"
        self._config.write_text(_CONFIGURATION, encoding="utf-8")
        self._settings = load(self._config)
        self._children.start("daemon", "run", "--config", self._config)
        modems = self._wait_for("two ready modems", self._ready_modems)
        self._print_step(f"up, both modems ready: {' and '.join(modem['name'] for modem in modems)}")

    def _ready_modems(self) -> list[dict[str, Any]] | None:
        try:
            modems: list[dict[str, Any]] = parse_response(*request(self._settings.socket, "GET", "/v1/modems"))
        except (FileNotFoundError, ConnectionRefusedError):
            return None  # it does not listen yet
        return modems if all(modem["health"] == "ready" for modem in modems) else None

    def _show_delivery(self, subject: str, phone: str, text: str, *, parts: int) -> str:
        """Shows that a message is accepted and arrives, and that its report comes back. Returns the sender's number."""
        self._step_name = subject
        message = self._submit(phone, text, "transactional")
        if message["state"] == "refused":
            raise DemoFailed(f"{subject}: refused: {message['reason']}")
        self._print_step(f"transactional message {message['id']} to {phone} accepted, {count_parts(message['parts'])}")
        received = self._await_message(phone, 1)
        if (received["text"], received["parts"]) != (text, parts):
            raise DemoFailed(f"{subject}: {phone} got {received['text']!r} in {count_parts(received['parts'])}")
        whole = f" in {parts} parts, joined" if parts > 1 else ""
        self._print_step(f"arrived on {phone}{whole}: {_quoted(text)}")
        self._wait_for(f"the delivery report of message {message['id']}", lambda: self._check_delivered(message["id"]))
        self._print_step(f"{'report' if parts == 1 else f'{parts} reports'} back: message {message['id']} is delivered")
        return str(received["from"])

    def _check_delivered(self, message_id: int) -> bool | None:
        message = self._call_daemon("GET", f"/v1/messages/{message_id}")
        if message["state"] in ("queued", "sending", "sent"):
            return None
        if message["state"] != "delivered":
            raise DemoFailed(f"{self._step_name}: message {message_id} is {message['state']}: {message['reason']}")
        return True

    def _show_opt_out(self, phone: str, number: str) -> None:
        self._step_name = "STOP"
        self._call_emulator("POST", f"/phones/{quote(phone)}/send", {"to": number, "text": "STOP"})
        self._print_step(f"{phone} answers STOP to {number}")
        self._wait_for(f"{phone} in the list of opt-outs", lambda: self._check_opted_out(phone))
        self._print_step(f"{phone} is opted out")
        confirmation = self._await_message(phone, 2)
        self._print_step(f"confirmed on {phone}: {_quoted(confirmation['text'])}")

    def _check_opted_out(self, phone: str) -> bool | None:
        return any(row["number"] == phone for row in self._call_daemon("GET", "/v1/optouts")) or None

    def _show_refusal(self, phone: str) -> None:
        self._step_name = "offer"
        message = self._submit(phone, OFFER, "marketing")
        if (message["state"], message["reason"]) != ("refused", "opted_out"):
            raise DemoFailed(f"offer: marketing message {message['id']} to {phone} is {message['state']}, not refused")
        self._print_step(f"marketing message {message['id']} to {phone} refused: {message['reason']}")

    def _show_silence(self, phone: str) -> None:
        """Shows that the refused offer was not sent. By now it would have arrived: messages leave within a second."""
        self._step_name = "silence"
        inbox = self._inbox(phone)
        if len(inbox) != 2:
            raise DemoFailed(f"silence: {phone} got {len(inbox)} messages, not 2; the last is {inbox[-1]['text']!r}")
        self._print_step(f"{phone} got nothing more after its confirmation")

    # Asking and waiting

    def _submit(self, phone: str, text: str, message_class: str) -> dict[str, Any]:
        document = {"to": phone, "text": text, "class": message_class}
        message: dict[str, Any] = self._call_daemon("POST", "/v1/messages", document)
        return message

    def _call_daemon(self, method: str, path: str, document: dict[str, Any] | None = None) -> Any:
        """Returns the daemon's answer; unlike the other commands, never that of a service in this process."""
        body = json.dumps(document).encode() if document is not None else None
        try:
            return parse_response(*request(self._settings.socket, method, path, body))
        except (OSError, http.client.HTTPException) as error:
            self._children.check(EXIT_WAIT_S)
            raise DemoFailed(f"{self._step_name}: the daemon does not answer: {error}") from error

    def _await_message(self, phone: str, count: int) -> dict[str, Any]:
        """Waits until a phone has `count` messages, and returns the last of them."""
        inbox = self._wait_for(
            f"a message on {phone}", lambda: inbox if len(inbox := self._inbox(phone)) >= count else None
        )
        return inbox[count - 1]

    def _inbox(self, phone: str) -> list[dict[str, Any]]:
        inbox: list[dict[str, Any]] = self._call_emulator("GET", f"/phones/{quote(phone)}/inbox")
        return inbox

    def _call_emulator(self, method: str, path: str, document: dict[str, Any] | None = None) -> Any:
        try:
            return call_emulator(self._emulator_folder, method, path, document)
        except ModemdError:
            self._children.check(EXIT_WAIT_S)
            raise

    def _wait_for(self, awaited: str, find: Callable[[], Found | None]) -> Found:
        """Calls `find` until it returns something, and returns that.

        DemoFailed if it finds nothing within `STEP_TIMEOUT_S`; ChildProcessEnded if a child has ended.
        """
        until = time.monotonic() + STEP_TIMEOUT_S
        while (found := find()) is None:
            self._children.check()
            if time.monotonic() > until:
                raise DemoFailed(f"{self._step_name}: waited {STEP_TIMEOUT_S:.0f} s for {awaited}")
            time.sleep(POLL_INTERVAL_S)
        return found

    def _print_step(self, event: str) -> None:
        self._line_count += 1
        echo(f"{self._line_count:2}  {time.monotonic() - self._started:5.1f} s  {self._step_name:<9}  {event}")


def _program() -> list[str]:
    """Returns the words that call this program from the current folder."""
    script = Path(sys.executable).parent / "modemd"
    if not script.exists():
        return [sys.executable, "-m", "modemd"]
    here = Path.cwd()
    return [str(script.relative_to(here) if script.is_relative_to(here) else script)]


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= LONGEST_SHOWN else f"“{text[:SHOWN_PREFIX].rstrip()}…”, {len(text)} characters"
