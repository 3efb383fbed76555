"""`modemd install`: this machine runs modemd as a service."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from modemd import installation, resources
from modemd.cli.drivers import own_drivers
from modemd.errors import ModemdError
from modemd.profiles import Profiles, udev


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--uninstall", is_flag=True, help="Take the service away. Messages, configuration and user stay.")
@click.option(
    "--whole-device",
    is_flag=True,
    help="Keep ModemManager off all of a modem, its network ports too, not only off ours.",
)
def install(dry_run: bool, uninstall: bool, whole_device: bool) -> None:
    """Make modemd a service: its user, folders, unit, udev rules, and a configuration to begin with. As root.

    A second time it does what has changed since: after an upgrade, and after drivers of your own have changed.
    """
    machine, runs = installation.Machine(), installation.find_program()
    if not dry_run and os.geteuid():
        raise ModemdError("install needs root: sudo modemd install; --dry-run does not")
    if uninstall:
        steps = installation.uninstall_steps(machine, runs)
    else:
        steps = installation.install_steps(machine, runs, whole_device=whole_device)
    for step in steps:
        click.echo(f"would {step.description}" if dry_run else step.description)
        if not dry_run:
            _run_step(step)
    if not steps:
        click.echo("nothing to do")
    if uninstall:
        for command in installation.list_leftovers(machine):
            click.echo(f"left, as it may hold what you want to keep: {command}")
    elif not dry_run:
        click.echo(f"next: look at {installation.CONFIG}, then systemctl enable --now modemd")
        click.echo("after an upgrade: systemctl restart modemd")


def _run_step(step: installation.InstallStep) -> None:
    try:
        step.run()
    except OSError as error:
        raise ModemdError(f"{step.description}: {error.filename}: {error.strerror}") from error


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
