"""How commands are found and explained, and how errors end: one line on stderr, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from modemd import __version__
from modemd.cli import options
from modemd.cli.main import GROUPS, commands
from modemd.doctor import rights
from tests.cli.shell import Modemd

HEAVY = ("fastapi", "sqlite_utils", "yaml", "phonenumbers")
VERSION_AND_MODULES = f"""
import sys
from modemd.cli.main import main
sys.argv = ["modemd", "--version"]
try:
    main()
except SystemExit:
    print([name for name in {HEAVY} if name in sys.modules])
"""


def test_the_version(modemd: Modemd) -> None:
    """`modemd --version` says which, and ends with 0."""
    ended = modemd("--version")
    assert (ended.status, ended.out) == (0, f"modemd, version {__version__}\n")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command(modemd: Modemd, option: str) -> None:
    """Help is a wish that is fulfilled: stdout, and 0. Each command is in one group, with a line of its own."""
    ended = modemd(option)
    assert (ended.status, ended.err) == (0, "")
    groups = ended.out[ended.out.index("\nSending:\n") :].split("\n\n")
    listed = [[line.split()[0] for line in group.strip().splitlines()] for group in groups]
    assert listed == [[f"{heading}:".split()[0], *names] for heading, names in GROUPS.items()]
    known = commands.list_commands(click.Context(commands, **commands.context_settings))
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(known)


@pytest.mark.parametrize(
    "arguments", [(), ("config",), ("pdu",)], ids=lambda arguments: " ".join(arguments) or "nothing"
)
def test_no_command_is_wrong_usage(modemd: Modemd, arguments: tuple[str, ...]) -> None:
    """Where a command is missing its list goes to stderr, and the status is 2."""
    ended = modemd(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"Usage: {' '.join(('modemd', *arguments))} ")
    assert ("Commands:" if arguments else "\nSending:\n") in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param(
            ("frob",), "modemd: modemd: there is no command 'frob'; modemd --help lists them", id="unknown command"
        ),
        pytest.param(
            ("config", "frob"),
            "modemd: modemd config: there is no command 'frob'; modemd config --help lists them",
            id="unknown below",
        ),
        pytest.param(
            ("--frob",), "modemd: modemd: there is no option --frob; modemd --help lists them", id="unknown option"
        ),
        pytest.param(("snd",), "there is no command 'snd'; did you mean send?", id="a command nearly right"),
        pytest.param(("status", "--to", "1"), "there is no option --to; modemd status --help lists them", id="unlike"),
        pytest.param(
            ("status", "--jsn"), "there is no option --jsn; did you mean --json?", id="an option nearly right"
        ),
        pytest.param(("status", "--config"), "modemd status: --config needs a value", id="no value"),
        pytest.param(("explain", "--config", "FILE"), "modemd explain: ID is missing", id="no argument"),
        pytest.param(
            ("messages", "--config", "FILE", "--limit", "-1"),
            "modemd messages: --limit: '-1' is not allowed; allowed: a whole number, 0 or more",
            id="bad limit",
        ),
        pytest.param(
            ("messages", "--config", "FILE", "--limit", "many"),
            "modemd messages: --limit: 'many' is not allowed; allowed: a whole number, 0 or more",
            id="no number",
        ),
        pytest.param(
            ("phone", "--dir", "lab", "123", "send", "1", "hi", "--class", "9"),
            "--class: '9' is not allowed; allowed: a whole number from 0 to 3",
            id="out of range",
        ),
        pytest.param(
            ("messages", "--config", "FILE", "--state", "lost"),
            "--state: 'lost' is not allowed; allowed: held, queued,",
            id="bad state",
        ),
        pytest.param(("send", "--config", "FILE", "--class", "system"), "'system' is not allowed", id="bad class"),
        pytest.param(("status", "--config", "FILE", "more"), "'more' is too much here", id="too many"),
    ],
)
def test_wrong_usage_is_one_line(modemd: Modemd, arguments: tuple[str, ...], line: str) -> None:
    """A wrong call ends with 2 and one line that names the command."""
    ended = modemd(*arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err


def test_a_missing_configuration_is_wrong_usage(modemd: Modemd, tmp_path: Path) -> None:
    """A file that is not there is told with its name."""
    ended = modemd("status", "--config", str(tmp_path / "none.yaml"))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "none.yaml" in ended.err


def test_every_mistake_of_a_configuration_has_a_line(modemd: Modemd, config: Path) -> None:
    """All mistakes are told at once, one a line, and the status is 2."""
    config.write_text("database: x.db\ndatabse: y\nmodems:\n  - name: west\n    port: p\n    rate: fast\n", "utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.out) == (2, "")
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["modemd", "modemd"]
    assert "modemd.yaml:6:11: modems[0].rate" in ended.err


def test_a_good_configuration_has_no_mistakes(modemd: Modemd) -> None:
    """`config check` ends with 0 and says what it read."""
    ended = modemd("config", "check", "--config", "FILE")
    assert ended.status == 0
    assert ended.out.endswith("modemd.db: no mistakes\n")


def test_a_configuration_is_told_what_marketing_lacks(modemd: Modemd, config: Path) -> None:
    """A warning with the country and what to do; the status stays 0."""
    line = "warning: marketing to FR must name its sender, and no brand is configured: set brand\n"
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.err.count(line)) == (0, 1)
    config.write_text(config.read_text(encoding="utf-8") + "brand: Chez Paul\n", encoding="utf-8")
    assert line not in modemd("config", "check", "--config", "FILE").err


@pytest.mark.parametrize(
    ("driver", "complaint"),
    [("nokia", "no driver 'nokia'; there are"), (None, "odd.toml: colour: unknown key")],
    ids=["a driver that is not there", "a driver file that is wrong"],
)
def test_a_wrong_driver_is_a_mistake(modemd: Modemd, config: Path, driver: str | None, complaint: str) -> None:
    """Drivers are part of what `config check` reads."""
    own = config.parent / "drivers"
    own.mkdir()
    text = config.read_text(encoding="utf-8") + f"drivers: {own}\n"
    if driver is None:
        (own / "odd.toml").write_text("colour = 1\n", encoding="utf-8")
    else:
        text = text.replace("port: modem0", f"port: modem0\n    driver: {driver}")
    config.write_text(text, encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert complaint in ended.err


def test_a_program_that_is_not_there_is_a_mistake(modemd: Modemd, config: Path) -> None:
    """An alarm that nobody hears of is worth nothing: `config check` looks whether the command can be run."""
    config.write_text(config.read_text(encoding="utf-8") + "alarms: {command: [/nonexistent/tell]}\n", encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert ended.err.endswith("alarms.command: /nonexistent/tell: No such file or directory\n")


def test_a_certificate_that_is_not_there_is_a_mistake(modemd: Modemd, config: Path) -> None:
    """A door that cannot open is told before the daemon starts: each file has a line, and the status is 2."""
    http = "http: {listen: 127.0.0.1:8443, tls: {certificate: /nonexistent/tls.crt, key: /nonexistent/tls.key}}\n"
    config.write_text(config.read_text(encoding="utf-8") + http, encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 2)
    assert "http.tls.key: /nonexistent/tls.key: No such file or directory; correct the path, or modemd tls" in ended.err


def test_a_key_that_only_root_may_read_is_a_mistake(
    modemd: Modemd, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user of the daemon counts, and not root, who asks."""
    assert modemd("tls", "self-signed", "--dir", str(config.parent)).status == 0
    http = "http: {listen: 127.0.0.1:8443, tls: {certificate: tls.crt, key: tls.key}}\n"
    config.write_text(config.read_text(encoding="utf-8") + http, encoding="utf-8")
    assert modemd("config", "check", "--config", "FILE").status == 0
    monkeypatch.setattr(rights, "current_user", lambda: rights.User("modemd", 64321, frozenset()))
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert ended.err.endswith(f"the user modemd may not read it: sudo chown modemd: {config.parent / 'tls.key'}\n")


def test_every_wrong_driver_is_reported(modemd: Modemd, config: Path) -> None:
    """`config check` has a line for each file with a mistake."""
    own = config.parent / "drivers"
    own.mkdir()
    for name in ("odd", "odder"):
        (own / f"{name}.toml").write_text("colour = 1\n", encoding="utf-8")
    config.write_text(config.read_text(encoding="utf-8") + f"drivers: {own}\n", encoding="utf-8")
    ended = modemd("config", "check", "--config", "FILE")
    assert ended.status == 2
    assert [line.partition(".toml")[0].rpartition("/")[2] for line in ended.err.splitlines()] == ["odd", "odder"]


def test_the_version_loads_nothing_else() -> None:
    """Commands are imported when they are called: `--version` needs neither database nor HTTP."""
    said = subprocess.run(
        [sys.executable, "-c", VERSION_AND_MODULES], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    assert said.splitlines()[1:] == ["[]"]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder without a configuration, and the place of an installed one, which is not there."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv(options.CONFIG_VARIABLE, raising=False)
    monkeypatch.setattr(options, "CONFIG_PLACES", (Path("modemd.yaml"), tmp_path / "etc" / "modemd.yaml"))
    return folder


def test_the_configuration_is_looked_for(
    modemd: Modemd, config: Path, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --config: the file of MODEMD_CONFIG, then ./modemd.yaml, then the installed one; the first that is there."""
    (tmp_path / "etc").mkdir()
    installed, here = tmp_path / "etc" / "modemd.yaml", nowhere / "modemd.yaml"
    for path in (installed, here):
        path.write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
        found = "modemd.yaml" if path == here else str(path)
        assert modemd("config", "check").out.startswith(f"{found}: ")
    monkeypatch.setenv(options.CONFIG_VARIABLE, str(config))
    assert modemd("config", "check").out.startswith(f"{config}: ")
    assert modemd("config", "check", "--config", str(installed)).out.startswith(f"{installed}: ")


def test_no_configuration_names_the_places(modemd: Modemd, nowhere: Path, tmp_path: Path) -> None:
    """One line names the option, the variable and both places, and the status is 2."""
    ended = modemd("status")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    for place in ("--config", "MODEMD_CONFIG", "./modemd.yaml", str(tmp_path / "etc" / "modemd.yaml")):
        assert place in ended.err


def test_a_mistake_of_modemd_is_one_line(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody expected is told in one line that can be reported, with its place."""

    def fail(path: Path) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("modemd.cli.daemon.load", fail)
    ended = modemd("config", "check", "--config", "FILE")
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith("modemd: a mistake in modemd: KeyError: 'surprise' (")
    assert "please report this line, and the command" in ended.err


def test_help_lists_commands_and_pages(modemd: Modemd) -> None:
    """Without a name, every command and every page is listed."""
    ended = modemd("help")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Usage: modemd ")
    assert "  send " in ended.out
    assert "trouble" in ended.out.splitlines()[-1]


@pytest.mark.parametrize("names", [("send",), ("sims", "list"), ("config",)], ids=" ".join)
def test_help_of_a_command_is_its_own(modemd: Modemd, names: tuple[str, ...]) -> None:
    """`modemd help send` is `modemd send --help`, also for a command below another."""
    assert modemd("help", *names).out == modemd(*names, "--help").out != ""


def test_help_of_a_page_is_the_page(modemd: Modemd) -> None:
    """A page of the documentation is printed whole."""
    assert modemd("help", "trouble").out.startswith("# ")


@pytest.mark.parametrize(
    ("name", "said"),
    [("snd", "did you mean send?"), ("operatin", "did you mean operating?"), ("frob", "modemd help lists all")],
)
def test_help_of_nothing_is_an_error(modemd: Modemd, name: str, said: str) -> None:
    """A name that is neither a command nor a page ends with 2, and with the name that may be meant."""
    ended = modemd("help", name)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"there is no command and no page {name!r}" in ended.err
    assert said in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(modemd: Modemd, shell: str) -> None:
    """The script asks modemd itself for what can be completed."""
    ended = modemd("completion", shell)
    assert (ended.status, ended.err) == (0, "")
    assert f"_MODEMD_COMPLETE={shell}_complete" in ended.out


def test_the_script_is_answered(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the script of bash asks, modemd answers: `modemd sta` is completed to status."""
    monkeypatch.setenv("_MODEMD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "modemd sta")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert modemd().out == "plain,status\n"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("consent", "test", "\udcff STOP", "--from", "+33612345678"), "TEXT"),
        (("consent", "test", "STOP", "--from", "\udcff"), "--from"),
        (("consent", "show", "--config", "FILE", "\udcff"), "NUMBER"),
        (("quiet-hours", "--config", "FILE", "\udcff"), "[COUNTRY|NUMBER]"),
        (("policies", "--config", "FILE", "\udcff"), "COUNTRY"),
        (("send", "--config", "FILE", "--to", "+33612345678", "--text", "\udcff"), "--text"),
    ],
)
def test_what_is_not_utf8_is_refused(modemd: Modemd, arguments: tuple[str, ...], name: str) -> None:
    """A value with octets that are not UTF-8 is wrong usage: one line, which names it."""
    ended = modemd(*arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.endswith(f": {name}: this is not UTF-8 text\n")


def test_a_file_whose_name_is_not_utf8_is_refused_in_one_line(modemd: Modemd, tmp_path: Path) -> None:
    """The name goes into the ledger, which is text."""
    path = tmp_path / "\udcff.csv"
    path.write_text("number\n+33612345678\n", encoding="utf-8")
    ended = modemd("consent", "import", "--config", "FILE", str(path), "--basis", "consent")
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "is not UTF-8 text" in ended.err
