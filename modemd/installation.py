"""Installation of modemd as a service: a user, folders, a systemd unit, udev rules, and a first configuration.

`install_steps` and `uninstall_steps` inspect the machine and return the steps that it still needs: none, if repeated. They never
touch existing files that belong to a person (configuration, credentials, database, drivers).
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from modemd import resources
from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass
from modemd.profiles import Profiles, udev

USER = "modemd"
UNIT = Path("/etc/systemd/system/modemd.service")
RULES = Path("/etc/udev/rules.d/70-modemd.rules")
SYSUSERS = Path("/etc/sysusers.d/modemd.conf")
TMPFILES = Path("/etc/tmpfiles.d/modemd.conf")
CONFIG = Path("/etc/modemd/modemd.yaml")
MANUAL = Path("/usr/local/share/man/man1/modemd.1")
EXAMPLE = Path("/etc/modemd/config.example.yaml")
COMMAND = Path("/usr/local/bin/modemd")
DRIVERS = Path("/etc/modemd/drivers")
DATABASE = Path("/var/lib/modemd")

# Groups of serial ports without a rule of modemd: on Debian and its derivatives, on Arch.
SERIAL_GROUPS = ("dialout", "uucp")
# ProtectHome= and PrivateTmp= hide these folders from the service.
_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 - named, not used
_REMEDY = (
    "install it where the service can see it: python3 -m venv /opt/modemd && /opt/modemd/bin/pip install WHEEL; "
    "`modemd help installing` says where the wheel is from"
)


@dataclass(frozen=True, slots=True)
class InstallStep:
    """Step of an installation: its description, and `run`, which does it and raises OSError or ModemdError."""

    description: str
    run: Callable[[], None]


class Machine:
    """Machine on which modemd is installed. `root` is the root of its file tree."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def target_path(self, path: Path) -> Path:
        """Returns where the machine's `path` is in our own file tree."""
        return self.root / path.relative_to("/")

    def user_id(self, name: str) -> int | None:
        """Returns a user's number; None if there is no such user."""
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            return None

    def group_id(self, name: str) -> int | None:
        """Returns a group's number; None if there is no such group."""
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            return None

    def has_program(self, command: str) -> bool:
        """Returns whether there is such a program."""
        return shutil.which(command, path=_search_path()) is not None

    def run(self, *argv: str) -> None:
        """Runs a program to its end. ModemdError if it fails."""
        done = subprocess.run(  # noqa: S603 - argv are ours, and no shell reads them
            argv, check=False, capture_output=True, text=True, env=os.environ | {"PATH": _search_path()}
        )
        if done.returncode:
            raise ModemdError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.strip()}")

    def change_owner(self, path: Path, user: int, group: int) -> None:
        """Sets the owner and the group of `path`."""
        os.chown(path, user, group)


def _search_path() -> str:
    """Returns PATH with the folders of system programs, which an ordinary user's PATH may lack."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def find_program() -> Path:
    """Returns the `modemd` program of this Python. ModemdError if there is none, or if the service could not run it."""
    found = Path(sys.prefix) / "bin" / "modemd"
    if not found.exists():
        raise ModemdError(f"{found} is missing; {_REMEDY}")
    for path in (found, Path(sys.executable)):
        if reason := why_not_runnable(path):
            raise ModemdError(f"{path} {reason}; {_REMEDY}")
    return found


def why_not_runnable(path: Path) -> str | None:
    """Returns why the service's user could not run `path`; None if it can."""
    for real in (path, path.resolve()):
        if below := next((folder for folder in _HIDDEN if real.is_relative_to(folder)), None):
            return f"lies under {below}, which the unit hides from the service"
        closed = next((part for part in (real, *real.parents) if not part.stat().st_mode & stat.S_IXOTH), None)
        if closed is not None:
            return f"cannot be run by other users: they may not enter or run {closed}"
    return None


def render_unit(runs: Path, groups: Mapping[str, int]) -> str:
    """Returns the unit for the program at `runs`. It names only `groups`: systemd starts no unit with an unknown group."""
    text = (resources.folder("systemd") / "modemd.service").read_text(encoding="utf-8")
    text = text.replace(str(COMMAND), _quoted(runs))
    serial = next((name for name in SERIAL_GROUPS if name in groups), None)
    line = f"SupplementaryGroups={serial}\n" if serial is not None else ""
    return text.replace("SupplementaryGroups=dialout\n", line)


def _quoted(path: Path) -> str:
    # systemd.service(5): % and \ are special.
    text = str(path).replace("\\", "\\\\").replace("%", "%%")
    return f'"{text}"' if re.search(r"\s", text) else text


def install_steps(machine: Machine, runs: Path, *, whole_device: bool = False) -> list[InstallStep]:
    """Returns the steps that make the program at `runs` a service of `machine`."""
    shipped = resources.folder("systemd")
    profiles = Profiles.load([resources.folder("drivers"), machine.target_path(DRIVERS)])
    groups = {name: number for name in SERIAL_GROUPS if (number := machine.group_id(name)) is not None}
    accounts = (shipped / "modemd.sysusers").read_text(encoding="utf-8")
    folders = (shipped / "modemd.tmpfiles").read_text(encoding="utf-8")
    steps = list(_file_steps(machine, SYSUSERS, accounts))
    steps += _account_steps(machine)
    steps += _file_steps(machine, TMPFILES, folders)
    for line in folders.splitlines():
        if line.startswith("d "):
            steps += _folder_steps(machine, *line.split()[1:5])
    steps += _file_steps(machine, EXAMPLE, resources.folder("config.example.yaml").read_text(encoding="utf-8"))
    steps += _file_steps(machine, MANUAL, (resources.folder("man") / "modemd.1").read_text(encoding="utf-8"))
    if not machine.target_path(CONFIG).exists():
        first = (shipped / "modemd.yaml").read_text(encoding="utf-8")
        steps += _file_steps(machine, CONFIG, first, mode=0o640, group=USER)
    rules = list(_file_steps(machine, RULES, udev.rules(profiles, whole_device=whole_device)))
    units = list(_file_steps(machine, UNIT, render_unit(runs, groups)))
    steps += [*rules, *units, *_command_steps(machine, runs)]
    if rules and machine.target_path(Path("/run/udev/control")).exists():
        steps.append(_program_step(machine, "udevadm", "control", "--reload"))
        steps.append(_program_step(machine, "udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=tty"))
    if units and machine.target_path(Path("/run/systemd/system")).is_dir():
        steps.append(_program_step(machine, "systemctl", "daemon-reload"))
    return steps


def uninstall_steps(machine: Machine, runs: Path) -> list[InstallStep]:
    """Returns the steps that remove the service. Messages, configuration and user stay: see `list_leftovers`."""
    steps = []
    lives = machine.target_path(Path("/run/systemd/system")).is_dir()
    if lives and machine.target_path(UNIT).exists():
        steps.append(_program_step(machine, "systemctl", "disable", "--now", "modemd.service"))
    there = [path for path in (UNIT, RULES, SYSUSERS, TMPFILES, EXAMPLE, MANUAL) if machine.target_path(path).exists()]
    steps += [InstallStep(f"remove {path}", machine.target_path(path).unlink) for path in there]
    command = machine.target_path(COMMAND)
    if command.is_symlink() and command.readlink() == runs:
        steps.append(InstallStep(f"remove {COMMAND}", command.unlink))
    if RULES in there and machine.target_path(Path("/run/udev/control")).exists():
        steps.append(_program_step(machine, "udevadm", "control", "--reload"))
    if UNIT in there and lives:
        steps.append(_program_step(machine, "systemctl", "daemon-reload"))
    return steps


def list_leftovers(machine: Machine) -> list[str]:
    """Returns the commands that would remove what an uninstallation leaves."""
    found = [f"rm -r {path}" for path in (CONFIG.parent, DATABASE) if machine.target_path(path).exists()]
    return found + ([f"userdel {USER}"] if machine.user_id(USER) is not None else [])


def _file_steps(
    machine: Machine, path: Path, text: str, *, mode: int = 0o644, group: str | None = None
) -> Iterator[InstallStep]:
    target = machine.target_path(path)
    if target.is_file() and not target.is_symlink() and target.read_text(encoding="utf-8") == text:
        return

    def write() -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.chmod(mode)
        if group is not None:
            machine.change_owner(beside, 0, _number(machine.group_id(group), group))
        beside.replace(target)

    yield InstallStep(f"{'change' if target.exists() else 'write'} {path}", write)


def _folder_steps(machine: Machine, name: str, mode: str, user: str, group: str) -> Iterator[InstallStep]:
    path = Path(name)
    target = machine.target_path(path)
    if target.is_dir():
        now = target.stat()
        if (stat.S_IMODE(now.st_mode), now.st_uid, now.st_gid) == (
            int(mode, 8),
            machine.user_id(user),
            machine.group_id(group),
        ):
            return

    def make() -> None:
        target.mkdir(parents=True, exist_ok=True)
        machine.change_owner(target, _number(machine.user_id(user), user), _number(machine.group_id(group), group))
        target.chmod(int(mode, 8))

    yield InstallStep(f"make {path}, {mode} of {user}:{group}", make)


def _account_steps(machine: Machine) -> Iterator[InstallStep]:
    if machine.user_id(USER) is not None and machine.group_id(USER) is not None:
        return
    words = f"make the user and the group {USER}"
    if machine.has_program("systemd-sysusers"):
        yield InstallStep(words, lambda: machine.run("systemd-sysusers", str(machine.target_path(SYSUSERS))))
        return

    def make() -> None:
        if machine.group_id(USER) is None:
            machine.run("groupadd", "--system", USER)
        if machine.user_id(USER) is None:
            # The home is the unit's StateDirectory; the user cannot log in.
            home = ("--home-dir", str(DATABASE), "--no-create-home", "--shell", "/usr/sbin/nologin")
            machine.run("useradd", "--system", "--gid", USER, *home, USER)

    yield InstallStep(words, make)


def _command_steps(machine: Machine, program: Path) -> Iterator[InstallStep]:
    """Yields the step that links the program to a folder on PATH; the program of a virtual environment is not on it."""
    target = machine.target_path(COMMAND)
    if not (os.path.lexists(target) or program == COMMAND):
        yield InstallStep(f"link {COMMAND} to {program}", lambda: _link(target, program))


def _link(target: Path, program: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(program)


def _program_step(machine: Machine, *argv: str) -> InstallStep:
    return InstallStep(f"run {' '.join(argv)}", lambda: machine.run(*argv))


def _number(found: int | None, name: str) -> int:
    if found is None:
        raise ModemdError(f"there is no user or group {name}, though an earlier step makes it")
    return found
