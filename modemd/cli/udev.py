"""`modemd udev-rules`: the rules that give modem ports their names and rights, printed from the drivers."""

from __future__ import annotations

import re
from pathlib import Path

import click

from modemd import resources
from modemd.cli.drivers import own_drivers
from modemd.profiles import Profiles, udev

# What useradd takes on Debian (NAME_REGEX of adduser), and can do no harm inside a rule's quotes.
_GROUP = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


@click.command("udev-rules")
@own_drivers
@click.option("--group", default=udev.GROUP, show_default=True, help="The group that may use the ports.")
@click.option(
    "--whole-device",
    is_flag=True,
    help="Keep ModemManager off all of a modem, its network ports too, not only off ours.",
)
def udev_rules(folder: Path, group: str, whole_device: bool) -> None:
    """Print udev rules for all modems that the drivers know: names under /dev/modemd, a group, and ModemManager kept off.

    modemd install puts them where udev finds them.
    """
    if not _GROUP.fullmatch(group):
        raise click.BadParameter(f"{group!r} is no group's name", param_hint="--group")
    profiles = Profiles.load([resources.folder("drivers"), folder])
    click.echo(udev.rules(profiles, group=group, whole_device=whole_device), nl=False)
