"""`modemd emulate`, `modemd phone`, `modemd fault`: the emulated network, its subscribers, and what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import click
from click.core import ParameterSource

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
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    help="A file that says all of this, how the phones behave, and what happens when; or the name of a shipped one.",
)
@click.pass_context
def emulate(
    context: click.Context,
    modems: int,
    directory: Path,
    send_latency: float,
    numbers: str,
    families: str,
    seed: int,
    scenario: Path | None,
) -> None:
    """Run an emulated network with modems on ptys, DIR/modem0 and onwards, until Ctrl-C.

    Prints one line per modem when ready: name, port, family, number, IMEI, ICCID.
    """
    from modemd.emulator.lab import LabOptions
    from modemd.emulator.server import serve

    if scenario is not None:
        from modemd.emulator.scenario import load

        for parameter in context.command.params:
            given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
            if given and parameter.name not in ("directory", "scenario"):
                raise click.UsageError(f"{parameter.opts[0]} goes without --scenario: the file says it")
        loaded = load(scenario)
        asyncio.run(serve(loaded.options(directory.absolute()), click.echo, prepare=loaded.begin))
        return
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


def _list_kinds(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from modemd.emulator.orders import kinds

    rows = []
    for kind, model in kinds().items():
        values = {name: field.is_required() for name, field in model.model_fields.items() if name != "kind"}
        shown = " ".join(f"{name}=" if needed else f"[{name}=]" for name, needed in values.items())
        rows.append((f"{kind} {shown}".rstrip(), (model.__doc__ or "").strip()))
    width = max(len(usage) for usage, _ in rows)
    for usage, meaning in rows:
        click.echo(f"{usage:{width}}  {meaning}")
    context.exit()


@click.command()
@_directory
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list_kinds, help="List the kinds and end."
)
@click.argument("modem")
@click.argument("kind")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
def fault(directory: Path, modem: str, kind: str, values: tuple[str, ...]) -> None:
    """Put a fault of this KIND on an emulated MODEM; `--list` tells the kinds and their values."""
    from modemd.emulator import orders

    given = {}
    for value in values:
        key, equals, said = value.partition("=")
        if not equals:
            raise click.UsageError(f"{value!r} is not KEY=VALUE")
        given[key] = said
    if given.get("path"):
        given["path"] = str(Path(given["path"]).absolute())  # the emulator has a folder of its own
    order = orders.fault(kind, given)
    call_emulator(
        directory.absolute(), "POST", f"/modems/{quote(modem)}/fault", order.model_dump(mode="json", exclude_none=True)
    )
    click.echo(" ".join([f"{modem}: {kind}", *values]))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
