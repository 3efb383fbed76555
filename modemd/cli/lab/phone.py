"""`modemd phone`: sends, receives and calls as a subscriber of the emulated network."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_emulator
from modemd.cli.output import echo, print_rows
from modemd.errors import ConfigError


@options.group()
@options.emulator_directory
@click.argument("number")
@click.pass_context
def phone(context: click.Context, directory: Path, number: str) -> None:
    """Use the emulated phone NUMBER: read, send, call. A short code or a name can send, too."""
    context.obj = (directory.absolute(), number)


@phone.command()
@options.as_json
@click.pass_obj
def inbox(obj: tuple[Path, str], as_json: bool) -> None:
    """Show the messages that the phone has received, oldest first."""
    directory, number = obj
    rows = call_emulator(directory, "GET", f"/phones/{quote(number, safe='')}/inbox")
    print_rows(rows, ("at", "from", "parts", "text"), as_json=as_json, none="no messages received")


@phone.command()
@click.argument("to")
@click.argument("text", required=False)
@click.option("--flash", is_flag=True, help="Send a flash message, like --class 0.")
@click.option("--class", "message_class", type=click.IntRange(0, 3), help="The message class.")
@click.option("--silent", is_flag=True, help="Send a silent message (type 0), which the phone does not show.")
@click.option("--replace", type=click.IntRange(1, 7), help="Replace the sender's last message with this number.")
@click.option("--binary", metavar="HEX", help="Send 8-bit data instead of a text.")
@click.option("--ports", metavar="TO:FROM", help="The ports of the data, such as 2948:9200.")
@click.option("--mms", metavar="URL", help="Send the notice that a picture message waits at this URL.")
@click.option("--voicemail", type=click.IntRange(0, 255), help="Send the notice that this many voice messages wait.")
@click.option("--raw", metavar="HEX", help="Send this DELIVER as it is, even if it is wrong.")
@click.pass_obj
def send(
    obj: tuple[Path, str],
    /,
    to: str,
    text: str | None,
    flash: bool,
    message_class: int | None,
    ports: str | None,
    **given: Any,
) -> None:
    """Send a message from the phone.

    TO is the number of a SIM or of another phone. The message has TEXT, or the contents that an option gives.
    """
    directory, number = obj
    if flash and message_class is not None:
        raise click.UsageError("--flash is --class 0: give only one of the two")
    order = {
        "to": to,
        "text": text,
        "class": 0 if flash else message_class,
        "ports": ports.split(":") if ports is not None else None,
        **given,
    }
    call_emulator(directory, "POST", f"/phones/{quote(number, safe='')}/send", _checked(order))
    echo(f"sent from {number} to {to}")


@phone.command()
@click.argument("to")
@click.option("--for", "for_s", type=click.FloatRange(0), help="Hang up after this many seconds.")
@click.pass_obj
def call(obj: tuple[Path, str], to: str, for_s: float | None) -> None:
    """Call TO, the number of a SIM or of another phone.

    The call ends when it is refused or not answered, or with `hangup`.
    """
    directory, number = obj
    path = f"/phones/{quote(number, safe='')}/call"
    made: dict[str, str] = call_emulator(directory, "POST", path, {"to": to, "for_s": for_s})
    echo(f"call from {made['from']} to {made['to']}: {made['state']}")


@phone.command("hangup")
@click.pass_obj
def hang_up(obj: tuple[Path, str]) -> None:
    """End the phone's calls."""
    directory, number = obj
    call_emulator(directory, "POST", f"/phones/{quote(number, safe='')}/hang-up")
    echo(f"{number} hung up")


@phone.command()
@options.as_json
@click.pass_obj
def calls(obj: tuple[Path, str], as_json: bool) -> None:
    """Show the phone's calls and their states, oldest first."""
    directory, number = obj
    rows = call_emulator(directory, "GET", f"/phones/{quote(number, safe='')}/calls")
    print_rows(rows, ("from", "to", "state"), as_json=as_json, none="no calls")


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """Returns the request that the control API takes. ConfigError with every mistake."""
    from pydantic import ValidationError

    from modemd.emulator.lab.requests.network import describe_mistakes
    from modemd.emulator.lab.requests.phones import PhoneMessageRequest

    try:
        order = PhoneMessageRequest.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(describe_mistakes(error)) from None
    return order.model_dump(mode="json", exclude_defaults=True, by_alias=True)
