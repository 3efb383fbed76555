"""What an installation does to a machine, and undoes; on a file tree of its own, with accounts that are not the machine's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from modemd import config, installation, resources
from modemd.cli.main import commands
from modemd.errors import ModemdError
from modemd.installation import InstallStep, Machine, install_steps, list_leftovers, render_unit, uninstall_steps

RUNS = Path("/opt/modemd/bin/modemd")


class Box(Machine):
    """A machine below `root`, whose files are all ours."""

    def __init__(
        self, root: Path, *, groups: tuple[str, ...] = ("root", "dialout"), commands: tuple[str, ...] = ()
    ) -> None:
        super().__init__(root)
        self.accounts = {"root"}
        self.groups = set(groups)
        self.commands = commands
        self.ran: list[tuple[str, ...]] = []
        self.owners: dict[str, tuple[int, int]] = {}

    def user_id(self, name: str) -> int | None:
        return os.getuid() if name in self.accounts else None

    def group_id(self, name: str) -> int | None:
        return os.getgid() if name in self.groups else None

    def has_program(self, command: str) -> bool:
        return command in self.commands

    def run(self, *argv: str) -> None:
        self.ran.append(argv)
        if argv[0] in ("useradd", "systemd-sysusers"):
            self.accounts.add("modemd")
        if argv[0] in ("groupadd", "systemd-sysusers"):
            self.groups.add("modemd")

    def change_owner(self, path: Path, user: int, group: int) -> None:
        self.owners[path.name] = (user, group)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Without systemd and udev, as while an image is being made."""
    return Box(tmp_path)


def do(steps: list[InstallStep]) -> list[str]:
    """Their words, done."""
    for step in steps:
        step.run()
    return [step.description for step in steps]


def test_an_installation_brings_what_the_unit_needs(box: Box) -> None:
    """User and group, the folders of tmpfiles with their rights, unit, rules, and a configuration that can be used."""
    do(install_steps(box, RUNS))
    assert [argv[0] for argv in box.ran] == ["groupadd", "useradd"]
    for path in (installation.UNIT, installation.RULES, installation.SYSUSERS, installation.TMPFILES):
        assert stat.S_IMODE(box.target_path(path).stat().st_mode) == 0o644
    assert stat.S_IMODE(box.target_path(Path("/var/lib/modemd")).stat().st_mode) == 0o700
    assert stat.S_IMODE(box.target_path(Path("/etc/modemd/credentials/pin")).stat().st_mode) == 0o700
    assert stat.S_IMODE(box.target_path(installation.CONFIG).stat().st_mode) == 0o640
    assert box.target_path(installation.COMMAND).readlink() == RUNS
    assert config.load(box.target_path(installation.CONFIG)).is_discovery_enabled
    assert config.load(box.target_path(installation.CONFIG)).database == Path("/var/lib/modemd/modemd.db")
    rules = box.target_path(installation.RULES).read_text()
    assert rules == (resources.folder("udev") / "70-modemd.rules").read_text()


def test_a_second_time_there_is_nothing_to_do(box: Box) -> None:
    """It can be run after each upgrade."""
    assert do(install_steps(box, RUNS))
    assert install_steps(box, RUNS) == []


def test_what_has_changed_since_is_put_right(box: Box) -> None:
    """Rights that somebody loosened, a unit of an older version, a folder that is gone."""
    do(install_steps(box, RUNS))
    box.target_path(Path("/var/lib/modemd")).chmod(0o755)
    box.target_path(installation.UNIT).write_text("[Unit]\n")
    box.target_path(Path("/etc/modemd/drivers")).rmdir()
    assert do(install_steps(box, RUNS)) == [
        "make /etc/modemd/drivers, 0750 of root:modemd",
        "make /var/lib/modemd, 0700 of modemd:modemd",
        "change /etc/systemd/system/modemd.service",
    ]


def test_what_a_person_has_written_stays(box: Box) -> None:
    """The configuration is theirs from the first day, and so is a command of that name."""
    do(install_steps(box, RUNS))
    box.target_path(installation.CONFIG).write_text("database: /srv/modemd.db\n")
    box.target_path(installation.COMMAND).unlink()
    box.target_path(installation.COMMAND).write_text("#!/bin/sh\n")
    do(install_steps(box, RUNS))
    do(uninstall_steps(box, RUNS))
    assert box.target_path(installation.CONFIG).read_text() == "database: /srv/modemd.db\n"
    assert box.target_path(installation.COMMAND).read_text() == "#!/bin/sh\n"


def test_systemd_makes_the_user_where_it_can(tmp_path: Path) -> None:
    """By the shipped sysusers file, which it then finds again at each boot."""
    box = Box(tmp_path, commands=("systemd-sysusers",))
    do(install_steps(box, RUNS))
    assert box.ran == [("systemd-sysusers", str(box.target_path(installation.SYSUSERS)))]


def test_a_running_systemd_and_udev_are_told(box: Box) -> None:
    """Unit and rules are read again, once, and what is plugged in gets its names without being replugged."""
    box.target_path(Path("/run/systemd/system")).mkdir(parents=True)
    box.target_path(Path("/run/udev/control")).mkdir(parents=True)
    do(install_steps(box, RUNS))
    assert box.ran[2:] == [
        ("udevadm", "control", "--reload"),
        ("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=tty"),
        ("systemctl", "daemon-reload"),
    ]
    do(uninstall_steps(box, RUNS))
    assert ("systemctl", "disable", "--now", "modemd.service") in box.ran


def test_drivers_of_ones_own_get_their_rules(box: Box) -> None:
    """The rules are printed on the machine, from the drivers that it has; ModemManager is kept off all on request."""
    do(install_steps(box, RUNS))
    driver = '[match]\nusb = ["abcd:1234"]\n[source]\nunverified = true\n'
    (box.target_path(installation.DRIVERS) / "acme.toml").write_text(driver)
    assert do(install_steps(box, RUNS)) == ["change /etc/udev/rules.d/70-modemd.rules"]
    assert 'ENV{ID_VENDOR_ID}=="abcd"' in box.target_path(installation.RULES).read_text()
    do(install_steps(box, RUNS, whole_device=True))
    assert "ID_MM_DEVICE_IGNORE" in box.target_path(installation.RULES).read_text()


def test_an_uninstallation_takes_away_what_was_brought(box: Box) -> None:
    """And says how to take away the rest, which may hold messages."""
    before = {path for path in box.root.rglob("*") if path.is_file()}
    do(install_steps(box, RUNS))
    box.target_path(Path("/var/lib/modemd/modemd.db")).write_text("messages")
    do(uninstall_steps(box, RUNS))
    stayed = {path for path in box.root.rglob("*") if path.is_file()} - before
    assert stayed == {box.target_path(installation.CONFIG), box.target_path(Path("/var/lib/modemd/modemd.db"))}
    assert not os.path.lexists(box.target_path(installation.COMMAND))
    assert list_leftovers(box) == ["rm -r /etc/modemd", "rm -r /var/lib/modemd", "userdel modemd"]
    assert uninstall_steps(box, RUNS) == []


@pytest.mark.parametrize(
    ("groups", "line"),
    [
        pytest.param({"dialout": 20}, "SupplementaryGroups=dialout\n", id="Debian"),
        pytest.param({"uucp": 14}, "SupplementaryGroups=uucp\n", id="Arch"),
        pytest.param({}, "", id="neither"),
    ],
)
def test_the_unit_names_a_group_that_is_there(groups: dict[str, int], line: str) -> None:
    """systemd does not start a service with a group that the machine has not."""
    text = render_unit(RUNS, groups)
    assert line in text
    assert text.count("\nSupplementaryGroups=") == bool(groups)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        pytest.param("/opt/modemd/bin/modemd", "ExecStart=/opt/modemd/bin/modemd run", id="plain"),
        pytest.param("/opt/my tools/modemd", 'ExecStart="/opt/my tools/modemd" run', id="with a blank"),
        pytest.param("/opt/100%/modemd", "ExecStart=/opt/100%%/modemd run", id="with a per cent sign"),
    ],
)
def test_the_unit_runs_the_program_of_this_environment(runs: str, said: str) -> None:
    """Written as systemd reads it."""
    assert f"\n{said} --config /etc/modemd/modemd.yaml\n" in render_unit(Path(runs), {})


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/home/ada/.local/bin/modemd", id="pipx for one user"),
        pytest.param("/root/venv/bin/modemd", id="root's own"),
        pytest.param("/tmp/venv/bin/modemd", id="in /tmp"),
    ],
)
def test_a_program_that_the_service_cannot_see_is_refused(path: str) -> None:
    """ProtectHome= and PrivateTmp= would hide it: said before anything is done."""
    assert "hides from the service" in str(installation.why_not_runnable(Path(path)))


def test_a_program_behind_a_closed_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The service's user must get there."""
    monkeypatch.setattr(installation, "_HIDDEN", ())
    folder = tmp_path / "bin"
    folder.mkdir(mode=0o700)
    program = folder / "modemd"
    program.touch(mode=0o755)
    assert f"they may not enter or run {folder}" in str(installation.why_not_runnable(program))


def test_a_dry_run_does_nothing(monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    """It says what would be done, to anybody."""
    monkeypatch.setattr(installation, "Machine", lambda: box)
    monkeypatch.setattr(installation, "find_program", lambda: RUNS)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = CliRunner().invoke(commands, ["install", "--dry-run"])
    assert done.exit_code == 0
    assert "would write /etc/systemd/system/modemd.service\n" in done.output
    assert list(box.root.iterdir()) == []
    assert box.ran == []


def test_an_installation_takes_root(monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    """Without it nothing is begun."""
    monkeypatch.setattr(installation, "Machine", lambda: box)
    monkeypatch.setattr(installation, "find_program", lambda: RUNS)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = CliRunner().invoke(commands, ["install"])
    assert isinstance(done.exception, ModemdError)
    assert "sudo modemd install" in str(done.exception)
    assert list(box.root.iterdir()) == []


def test_a_step_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    """What could not be done is told with its reason; it is run again when that is mended."""
    box.target_path(Path("/etc")).write_text("a file where a folder should be")
    monkeypatch.setattr(installation, "Machine", lambda: box)
    monkeypatch.setattr(installation, "find_program", lambda: RUNS)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    done = CliRunner().invoke(commands, ["install"])
    assert isinstance(done.exception, ModemdError)
    assert "write /etc/sysusers.d/modemd.conf: " in str(done.exception)


def test_the_configuration_to_begin_with_uses_the_units_folders() -> None:
    """Database and socket lie where the unit lets modemd write, and the group reach the socket."""
    text = (resources.folder("systemd") / "modemd.service").read_text()
    begun = config.load(resources.folder("systemd") / "modemd.yaml")
    assert begun.database.parent == Path("/var/lib/modemd")
    assert begun.socket.parent == Path("/run/modemd")
    assert "StateDirectory=modemd\n" in text
    assert "RuntimeDirectory=modemd\n" in text
    assert "RuntimeDirectoryMode=0750\n" in text


def test_the_stop_has_the_time_it_needs() -> None:
    """TimeoutStopSec= is longer than the default grace and what comes after it."""
    text = (resources.folder("systemd") / "modemd.service").read_text()
    grace_s = config.load(resources.folder("systemd") / "modemd.yaml").stop_grace_s
    (said,) = [line for line in text.splitlines() if line.startswith("TimeoutStopSec=")]
    assert int(said.partition("=")[2]) >= grace_s + 15
