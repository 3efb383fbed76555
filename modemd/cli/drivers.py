"""`modemd drivers` and `modemd record`: the driver files, a draft for a new one, and the recorded answers of a modem."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from modemd import resources
from modemd.cli import options, output
from modemd.cli.output import echo
from modemd.errors import ModemdError, ProfileError
from modemd.profiles import Profile, Profiles
from modemd.profiles.writing import as_toml

_COLUMNS = ("name", "title", "usb_ids", "verified", "file")

own_drivers = click.option(
    "--drivers",
    "folder",
    default=Path("/etc/modemd/drivers"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of your own drivers.",
)


@options.group(invoke_without_command=True)
@click.pass_context
def drivers(context: click.Context) -> None:
    """List, show and draft drivers.

    A driver says what modemd knows about a family of modems. Without a command, list the drivers.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_drivers)


@drivers.command("list")
@own_drivers
@click.option("--check", is_flag=True, help="Print only the mistakes. Exit status 1 if there are any.")
@options.as_json
@click.pass_context
def list_drivers(context: click.Context, folder: Path, check: bool, as_json: bool) -> None:
    """List the drivers and their files. Print every mistake in a file on standard error."""
    profiles, problems = Profiles.load_with_errors([resources.folder("drivers"), folder])
    for problem in problems:
        echo(f"modemd: {problem}", err=True)
    found = sorted(profiles or (), key=lambda profile: profile.name)
    if check:
        if not problems:
            echo(f"{len(found)} drivers: no mistakes")
    elif profiles is not None:
        output.print_rows([_row(profiles, each) for each in found], _COLUMNS, as_json=as_json, none="no drivers")
    if problems and (check or not found):
        context.exit(1)


def _row(profiles: Profiles, profile: Profile) -> dict[str, object]:
    return {
        "name": profile.name,
        "title": profile.title,
        "usb_ids": len(profiles.usb_ids(profile.name)),
        "verified": not profile.unverified,
        "file": str(profile.path),
    }


@drivers.command()
@click.argument("name")
@own_drivers
def show(name: str, folder: Path) -> None:
    """Print the complete driver of a family.

    The driver has the values of the family's own file. All other values are from generic.toml.
    """
    profiles, problems = Profiles.load_with_errors([resources.folder("drivers"), folder])
    if profiles is None:
        raise problems[0]
    try:
        profile = profiles.find_by_name(name)
    except ProfileError as error:
        raise (problems or [error])[0] from None  # a file with a mistake is missing from the profiles
    echo(f"# {profile.path}\n{as_toml(profile)}", nl=False)


@drivers.command()
@options.at_port
@options.baud
@own_drivers
def suggest(port: str, baud: int, folder: Path) -> None:
    """Ask a modem what it can do, and print the draft of a driver.

    The command sends, sets and deletes nothing. Stop the daemon first, if it uses the port.
    """
    echo(asyncio.run(_suggest(port, baud, folder)), nl=False)


async def _suggest(port: str, baud: int, folder: Path) -> str:
    from modemd.modem.capture import driver_skeleton
    from modemd.modem.link.port import open_serial

    profiles = Profiles.load([resources.folder("drivers"), folder])
    return await driver_skeleton.suggest_driver(await open_serial(port, baud), port, profiles)


@options.command()
@options.at_port
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write. Without this option: standard output.",
)
@options.baud
@click.option(
    "--listen",
    default=0.0,
    type=click.FloatRange(min=0, max=86400),
    help="Listen this many seconds longer, for notices.",
)
def record(port: str, out: Path | None, baud: int, listen: float) -> None:
    """Ask a real modem harmless questions, and record its answers.

    The command sends, deletes and changes nothing, and marks nothing as read. It masks numbers and identities. Stop the
    daemon first, if it uses the port.
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise ModemdError(f"{out}: the folder does not exist")
    written = asyncio.run(_record(port, baud, listen))
    if out is None:
        echo(written, nl=False)
        return
    try:
        out.write_text(written, encoding="ascii")
    except OSError as error:
        raise ModemdError(f"{out}: {error.strerror or error}") from error
    echo(f"{port}: written to {out}; read the file before you give it to others", err=True)


async def _record(port: str, baud: int, listen_s: float) -> str:
    from modemd.modem.capture import recorder
    from modemd.modem.link.port import open_serial

    profiles = Profiles.load([resources.folder("drivers")])

    def print_progress(line: str) -> None:
        echo(f"{port}: {line}", err=True)

    opened = await open_serial(port, baud)
    return (await recorder.record(opened, port, profiles, print_progress, listen_s=listen_s)).to_text()
