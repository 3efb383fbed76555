"""`modemd emulate` and `modemd fault`: the emulated network, and what goes wrong with its modems."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click
from click.core import ParameterSource

from modemd.cli import options
from modemd.cli.client import call_emulator

if TYPE_CHECKING:
    from modemd.emulator.lab.lab import Lab, LabOptions, ModemPlan
    from modemd.emulator.lab.scenario import Scenario


@click.command()
@click.option("--modems", default=1, show_default=True, type=click.IntRange(min=1), help="How many.")
@options.emulator_directory
@click.option("--send-latency", default=0.3, show_default=True, help="Seconds from Ctrl-Z to the answer.")
@click.option(
    "--numbers", default="", help="Numbers of the SIMs, with commas; further ones are +33700000001 and onwards."
)
@click.option(
    "--families", default="", help="Families of the modems, with commas, in turn; default huawei_e3372,sim800."
)
@click.option(
    "--kind", is_flag=True, help="A network that loses no report, writes each as it was asked, knows the time."
)
@click.option("--seed", default=0, show_default=True, help="The same seed, the same behaviour.")
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    help="A file that says all of this, how the phones behave, and what happens when; or the name of a shipped one.",
)
@click.option(
    "--capture",
    type=click.Path(path_type=Path),
    help="Play one modem from a file that `modemd record` wrote; what was not asked then, the generic family answers.",
)
@click.pass_context
def emulate(
    context: click.Context,
    modems: int,
    directory: Path,
    send_latency: float,
    numbers: str,
    families: str,
    kind: bool,
    seed: int,
    scenario: Path | None,
    capture: Path | None,
) -> None:
    """Run an emulated network with modems on ptys, DIR/modem0 and onwards, until Ctrl-C.

    Prints one line per modem when ready: name, port, family, number, IMEI, ICCID. Without --kind the network is as real
    ones are: it loses a tenth of the reports, and says on standard error what else it does.
    """
    from modemd.emulator.lab.lab import LabOptions
    from modemd.emulator.lab.server import serve

    if scenario is not None:
        from modemd.emulator.lab.scenario import load

        for parameter in context.command.params:
            given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
            if given and parameter.name not in ("directory", "scenario"):
                raise click.UsageError(f"{parameter.opts[0]} goes without --scenario: the file says it")
        loaded = load(scenario)
        asyncio.run(serve(loaded.options(directory.absolute()), click.echo, prepare=partial(_begin_scenario, loaded)))
        return
    chosen = LabOptions(
        directory.absolute(), modems, numbers=_list(numbers), send_latency_s=send_latency, seed=seed, kind=kind
    )
    if families:
        chosen = replace(chosen, families=_list(families))
    if capture is not None:
        for name in ("modems", "families"):
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name} goes without --capture: it is one modem, of its own family")
        chosen = replace(chosen, planned=(_captured_modem(capture, chosen),))
    asyncio.run(serve(chosen, click.echo, prepare=partial(_print_network, "--kind")))


def _begin_scenario(scenario: Scenario, lab: Lab) -> None:
    scenario.begin(lab)
    _print_network("kind = true under [network]", lab)


def _print_network(switch: str, lab: Lab) -> None:
    """Say on standard error what the network is like: whoever counts on reports must know."""
    network = lab.network
    if network.kind:
        click.echo("modemd: the network is kind: every report comes, once and as it should", err=True)
        return
    off_s = round(network.unkind.clock_off.total_seconds())
    click.echo(
        f"modemd: the network is unkind, as real ones are: {network.report_loss:.0%} of the reports never come, "
        f"{network.unkind.reports_national:.0%} name the recipient as a national number, its clock is {abs(off_s)} s "
        f"{'fast' if off_s > 0 else 'slow'}; {switch} switches that off",
        err=True,
    )


def _captured_modem(path: Path, options: LabOptions) -> ModemPlan:
    """The modem of a capture, with the identities that it told, where it told them."""
    from modemd.emulator.capture.capture import Capture
    from modemd.emulator.lab.lab import ModemPlan, SimPlan

    capture = Capture.load(path)
    ways_to_the_iccid = [command for command in capture.answers if command.rstrip("?").endswith(("CCID", "SCID"))]
    iccid = capture.identity(*ways_to_the_iccid, shape="[0-9]{18,20}")
    imsi = capture.identity("+CIMI", shape="[0-9]{14,15}")
    number = (*options.numbers, capture.number, "+33700000001")
    return ModemPlan(
        "modem0",
        "generic",
        SimPlan(next(filter(None, number)), iccid=iccid, imsi=imsi),
        imei=capture.identity("+CGSN", "+GSN", shape="[0-9]{15}"),
        send_latency_s=options.send_latency_s,
        capture=capture,
    )


def _list_kinds(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from modemd.emulator.lab.requests.faults import fault_kinds

    rows = []
    for kind, model in fault_kinds().items():
        values = {name: field.is_required() for name, field in model.model_fields.items() if name != "kind"}
        shown = " ".join(f"{name}=" if needed else f"[{name}=]" for name, needed in values.items())
        rows.append((f"{kind} {shown}".rstrip(), (model.__doc__ or "").strip()))
    width = max(len(usage) for usage, _ in rows)
    for usage, meaning in rows:
        click.echo(f"{usage:{width}}  {meaning}")
    context.exit()


@click.command()
@options.emulator_directory
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list_kinds, help="List the kinds and end."
)
@click.argument("modem")
@click.argument("kind")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
def fault(directory: Path, modem: str, kind: str, values: tuple[str, ...]) -> None:
    """Put a fault of this KIND on an emulated MODEM; `--list` tells the kinds and their values."""
    from modemd.emulator.lab.requests import network as requests_network

    given = {}
    for value in values:
        key, equals, said = value.partition("=")
        if not equals:
            raise click.UsageError(f"{value!r} is not KEY=VALUE")
        given[key] = said
    if given.get("path"):
        given["path"] = str(Path(given["path"]).absolute())  # the emulator has a folder of its own
    order = requests_network.fault(kind, given)
    call_emulator(
        directory.absolute(), "POST", f"/modems/{quote(modem)}/fault", order.model_dump(mode="json", exclude_none=True)
    )
    click.echo(" ".join([f"{modem}: {kind}", *values]))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
