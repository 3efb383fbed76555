"""`modemd record`: a real modem's dialogue into a file that `modemd emulate --capture` plays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from modemd import resources
from modemd.errors import ModemdError
from modemd.profiles import Profiles


@click.command()
@click.option("--port", required=True, help="The modem's AT port: a device path, or socket://host:port.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; without it, standard output.")
@click.option(
    "--baud", default=115200, show_default=True, type=click.IntRange(min=300), help="The line's speed; USB needs none."
)
@click.option(
    "--listen", default=0.0, type=click.FloatRange(min=0, max=86400), help="So many seconds more, for notices."
)
def record(port: str, out: Path | None, baud: int, listen: float) -> None:
    """Ask a real modem what it can be asked without harm, and write down what it says.

    Nothing is sent, deleted, marked as read or changed. Numbers and identities are replaced by stand-ins. The daemon must
    have let go of the port.
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise ModemdError(f"{out}: there is no such folder to write it in")
    written = asyncio.run(_record(port, baud, listen))
    if out is None:
        click.echo(written, nl=False)
        return
    try:
        out.write_text(written, encoding="ascii")
    except OSError as error:
        raise ModemdError(f"{out}: {error.strerror or error}") from error
    click.echo(f"{port}: written to {out}; look it over before you hand it on", err=True)


async def _record(port: str, baud: int, listen_s: float) -> str:
    from modemd.modem.capture import recorder
    from modemd.modem.link.port import open_serial

    profiles = Profiles.load([resources.folder("drivers")])

    def tell(line: str) -> None:
        click.echo(f"{port}: {line}", err=True)

    opened = await open_serial(port, baud)
    return (await recorder.record(opened, port, profiles, tell, listen_s=listen_s)).written()
