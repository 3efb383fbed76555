"""`modemd emulate` and `modemd fault`: runs an emulated network, and puts faults on its modems."""

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
from modemd.cli.output import echo

if TYPE_CHECKING:
    from modemd.emulator.lab.lab import Lab, LabOptions, ModemPlan
    from modemd.emulator.lab.scenario import Scenario


@options.command()
@click.option("--modems", default=1, show_default=True, type=click.IntRange(min=1), help="The number of modems.")
@options.emulator_directory
@click.option("--send-latency", default=0.3, show_default=True, help="Seconds from Ctrl-Z to the answer.")
@click.option(
    "--numbers",
    default="",
    help="Numbers of the SIMs, such as +33612345678, separated by commas. Without a number here, the first SIM has "
    "+33700000001, the second +33700000002, and so on.",
)
@click.option(
    "--families",
    default="",
    help="Families of the modems, separated by commas, used in turn. Without this option: huawei_e3372,sim800.",
)
@click.option(
    "--kind",
    is_flag=True,
    help="The network loses no report, writes each recipient as it was dialled, and has the right time.",
)
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same behaviour.")
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    help="A scenario file, or the name of a shipped scenario. It replaces all options except --dir, and also says how phones "
    "behave, and what happens when.",
)
@click.option(
    "--capture",
    type=click.Path(path_type=Path),
    help="Play one modem from a file of `modemd record`. The generic family answers what the file does not.",
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
    """Run an emulated network with modems, until Ctrl-C.

    The modems are on the ptys DIR/modem0, DIR/modem1 and so on. When all modems are ready, the command prints one line for each:
    name, port, family, number, IMEI, ICCID.

    Without --kind, the network behaves like real ones: it loses one report in ten, and has other faults, which standard error
    lists.
    """
    from modemd.emulator.lab.lab import LabOptions
    from modemd.emulator.lab.server import serve

    if scenario is not None:
        from modemd.emulator.lab.scenario import load

        for parameter in context.command.params:
            given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
            if given and parameter.name not in ("directory", "scenario"):
                raise click.UsageError(f"{parameter.opts[0]} cannot be used with --scenario: the file sets it")
        loaded = load(scenario)
        asyncio.run(serve(loaded.options(directory.absolute()), echo, prepare=partial(_begin_scenario, loaded)))
        return
    chosen = LabOptions(
        directory.absolute(), modems, numbers=_list(numbers), send_latency_s=send_latency, seed=seed, kind=kind
    )
    if families:
        chosen = replace(chosen, families=_list(families))
    if capture is not None:
        for name in ("modems", "families"):
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name} cannot be used with --capture, which plays one modem of its own")
        chosen = replace(chosen, planned=(_captured_modem(capture, chosen),))
    asyncio.run(serve(chosen, echo, prepare=partial(_print_network, "--kind")))


def _begin_scenario(scenario: Scenario, lab: Lab) -> None:
    scenario.begin(lab)
    _print_network("kind = true under [network]", lab)


def _print_network(switch: str, lab: Lab) -> None:
    """Prints on standard error how the network behaves, since programs that count on reports depend on it."""
    network = lab.network
    if network.kind:
        echo("modemd: the network is kind: every report comes, once and correct", err=True)
        return
    off_s = round(network.unkind.clock_off.total_seconds())
    echo(
        f"modemd: the network is unkind, like real ones: {network.report_loss:.0%} of the reports never come, "
        f"{network.unkind.reports_national:.0%} name the recipient as a national number, its clock is {abs(off_s)} s "
        f"{'fast' if off_s > 0 else 'slow'}; {switch} switches this off",
        err=True,
    )


def _captured_modem(path: Path, options: LabOptions) -> ModemPlan:
    """Plans the modem of a capture, with the identities that the capture has, as far as it has them."""
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
        echo(f"{usage:{width}}  {meaning}")
    context.exit()


@options.command()
@options.emulator_directory
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_kinds,
    help="List the kinds with their values, and end.",
)
@click.argument("modem")
@click.argument("kind")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
def fault(directory: Path, modem: str, kind: str, values: tuple[str, ...]) -> None:
    """Put a fault of this KIND on an emulated MODEM. --list shows the kinds and their values."""
    from modemd.emulator.lab.requests import network as requests_network

    given = {}
    for value in values:
        key, equals, content = value.partition("=")
        if not equals:
            raise click.UsageError(f"{value!r} is not KEY=VALUE")
        given[key] = content
    if given.get("path"):
        given["path"] = str(Path(given["path"]).absolute())  # the emulator runs in another folder
    order = requests_network.fault(kind, given)
    call_emulator(
        directory.absolute(), "POST", f"/modems/{quote(modem)}/fault", order.model_dump(mode="json", exclude_none=True)
    )
    echo(" ".join([f"{modem}: {kind}", *values]))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
