"""`modemd emulate` and `modemd phone`: the emulated network and its subscribers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.door import call_emulator
from modemd.cli.tables import show

_directory = click.option(
    "--dir", "directory", required=True, type=click.Path(path_type=Path), help="The folder of the emulator."
)


@click.command()
@click.option("--modems", default=1, show_default=True, type=click.IntRange(min=1), help="How many.")
@_directory
@click.option("--send-latency", default=0.3, show_default=True, help="Seconds from Ctrl-Z to the answer.")
@click.option(
    "--numbers", default="", help="Numbers of the SIMs, with commas; further ones are +33700000001 and onwards."
)
@click.option(
    "--families", default="", help="Families of the modems, with commas, in turn; default huawei_e3372,sim800."
)
@click.option("--seed", default=0, show_default=True, help="The same seed, the same behaviour.")
def emulate(modems: int, directory: Path, send_latency: float, numbers: str, families: str, seed: int) -> None:
    """Run an emulated network with modems on ptys, DIR/modem0 and onwards, until Ctrl-C.

    Prints one line per modem when ready: name, port, family, number, IMEI, ICCID.
    """
    from modemd.emulator.lab import LabOptions
    from modemd.emulator.server import serve

    chosen = LabOptions(directory.absolute(), modems, numbers=_list(numbers), send_latency_s=send_latency, seed=seed)
    if families:
        from dataclasses import replace

        chosen = replace(chosen, families=_list(families))
    asyncio.run(serve(chosen, click.echo))


@click.group()
@_directory
@click.argument("number")
@click.pass_context
def phone(context: click.Context, directory: Path, number: str) -> None:
    """An emulated phone: what NUMBER has received, and what it sends."""
    context.obj = (directory.absolute(), number)


@phone.command()
@options.as_json
@click.pass_obj
def inbox(obj: tuple[Path, str], as_json: bool) -> None:
    """What the phone has received, oldest first."""
    directory, number = obj
    rows = call_emulator(directory, "GET", f"/phones/{quote(number)}/inbox")
    show(rows, ("at", "from", "parts", "text"), as_json=as_json, none="nothing received")


@phone.command()
@click.argument("to")
@click.argument("text")
@click.pass_obj
def send(obj: tuple[Path, str], to: str, text: str) -> None:
    """Write TEXT from the phone TO the number of a SIM, or of another phone."""
    directory, number = obj
    call_emulator(directory, "POST", f"/phones/{quote(number)}/send", {"to": to, "text": text})
    click.echo(f"sent from {number} to {to}")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
