"""`modemd install` and `modemd udev-rules`: modemd as a service of this machine, and the rules for its ports."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from modemd import installation, resources
from modemd.accounts import explain_denial
from modemd.cli import options
from modemd.cli.drivers import own_drivers
from modemd.cli.output import echo
from modemd.errors import ModemdError
from modemd.profiles import Profiles, udev

_whole_device = click.option(
    "--whole-device",
    is_flag=True,
    help="Keep ModemManager away from all ports of a modem, also from its network ports.",
)


@options.command()
@click.option("--dry-run", is_flag=True, help="Print what the command would do, and do nothing.")
@click.option("--uninstall", is_flag=True, help="Remove the service. Messages, configuration and user stay.")
@_whole_device
def install(dry_run: bool, uninstall: bool, whole_device: bool) -> None:
    """Install modemd as a service of this machine. Run it as root.

    The command makes a user, folders, a systemd unit, udev rules, and a first configuration. Run it again after each upgrade, and
    after each change of your own drivers. It then does only what is not done yet.
    """
    machine, runs = installation.Machine(), installation.find_program()
    if not dry_run and os.geteuid():
        raise ModemdError("only root can install: run sudo modemd install; --dry-run works without root")
    try:
        if uninstall:
            steps = installation.uninstall_steps(machine, runs)
        else:
            steps = installation.install_steps(machine, runs, whole_device=whole_device)
    except PermissionError as error:
        denied = Path(os.fsdecode(error.filename))
        raise ModemdError(
            f"{denied}: {explain_denial(denied)}; sudo modemd install --dry-run sees everything"
        ) from error
    for step in steps:
        echo(f"would {step.description}" if dry_run else step.description)
        if not dry_run:
            _run_step(step)
    if not steps:
        echo("nothing to do")
    if uninstall:
        for command in installation.list_leftovers(machine):
            echo(f"not removed, since you may want to keep it: {command}")
    elif not dry_run:
        echo(f"next: check {installation.CONFIG}, then run systemctl enable --now modemd")
        echo("to use the commands without root: sudo usermod -aG modemd USER, with your name, and log in again")
        echo("after an upgrade: run systemctl restart modemd")


def _run_step(step: installation.InstallStep) -> None:
    try:
        step.run()
    except OSError as error:
        raise ModemdError(f"{step.description}: {error.filename}: {error.strerror}") from error


# The names that Debian accepts (NAME_REGEX of adduser); they are safe inside the quotes of a rule.
_GROUP = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


@options.command("udev-rules")
@own_drivers
@click.option("--group", default=udev.GROUP, show_default=True, help="The group that may use the ports.")
@_whole_device
def udev_rules(folder: Path, group: str, whole_device: bool) -> None:
    """Print udev rules for all modems that the drivers know.

    The rules give each port a name under /dev/modemd and a group, and keep ModemManager away from it. `modemd install` installs
    the rules.
    """
    if not _GROUP.fullmatch(group):
        raise click.BadParameter(f"{group!r} cannot be the name of a group", param_hint="--group")
    profiles = Profiles.load([resources.folder("drivers"), folder])
    echo(udev.rules(profiles, group=group, whole_device=whole_device), nl=False)
