"""The command line as a shell sees it: arguments in, exit status and output out.

`runner` runs a command in this process. `run_all` runs commands in processes that are forked from one that has loaded them all
(`python -m tests.cli.shell` reads them as JSON): each ends as a process of its own does, with all that Python does at its end.
"""

from __future__ import annotations

import codecs
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from modemd.cli.main import main

NO_DAEMON_WARNING = (
    "warning: no daemon runs, so nothing is sent yet; start it: sudo systemctl start modemd, or modemd run\n"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `status` is negative if a signal ended its process. `is_warned`: it said that no daemon runs, which is
    true of most tests; `err` is without that line."""

    status: int
    out: str
    err: str
    is_warned: bool = field(default=False, compare=False)


class Modemd(Protocol):
    """`modemd ARGUMENTS`, with the smallest configuration where one is asked for by `--config FILE`."""

    def __call__(self, *arguments: str) -> Ended: ...


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: dict[str, str]) -> Modemd:
    def modemd(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["modemd", *(here.get(argument, argument) for argument in arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        code = exit_.value.code
        assert isinstance(code, int)
        return Ended(code, out, err.replace(NO_DAEMON_WARNING, ""), NO_DAEMON_WARNING in err)

    return modemd


ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class Job:
    """A command, and its surroundings. `stdout`: a path, or "closed". `encoding`: that of its output."""

    arguments: list[str]
    stdout: str = ""
    uid: int | None = None
    cwd: str = "/"
    encoding: str = "utf-8"
    environment: dict[str, str] = field(default_factory=dict)


def run_all(jobs: list[Job]) -> list[Ended]:
    """Runs the jobs, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - every user writes to files in it
        said = subprocess.run(
            [sys.executable, "-m", "tests.cli.shell", folder],
            input=json.dumps([asdict(job) for job in jobs]),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            check=False,
        )
    assert said.returncode == 0, said.stderr
    return [Ended(**each) for each in json.loads(said.stdout)]


def load_everything() -> None:
    from modemd.cli.main import _COMMANDS

    for module, _ in _COMMANDS.values():
        importlib.import_module(f"modemd.cli.{module}")
    for name in ("modemd.api.app", "modemd.daemon", "modemd.doctor", "modemd.emulator.lab.server", "phonenumbers"):
        importlib.import_module(name)
    for encoding in ("ascii", "utf-8-sig", "utf-16", "cp1252", "idna"):
        codecs.lookup(encoding)  # another user may not be let to where this Python lies


def become(job: Job, out: str, err: str) -> None:
    """Makes this process the one that a shell would have started."""
    signal.alarm(TIME_LIMIT_S)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(err, os.O_WRONLY), 2)
    os.dup2(os.open(out if job.stdout in ("", "closed") else job.stdout, os.O_WRONLY), 1)
    os.chdir(job.cwd)
    if job.stdout == "closed":
        os.close(1)
        sys.stdout = None  # as Python does at its start
    else:
        sys.stdout = open(1, "w", encoding=job.encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=job.encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update({"PATH": "/usr/bin:/bin", **job.environment})
    if job.cwd != "/":
        os.rmdir(job.cwd)  # the current folder is gone
    if job.uid is not None:
        os.setgroups([])
        os.setgid(job.uid)
        os.setuid(job.uid)
    sys.argv = ["modemd", *job.arguments]


def work() -> None:
    from modemd.cli.main import main

    jobs = [Job(**each) for each in json.load(sys.stdin)]
    load_everything()
    results, out, err = [], f"{sys.argv[1]}/out", f"{sys.argv[1]}/err"
    for job in jobs:
        for path in (out, err):
            Path(path).write_bytes(b"")
            os.chmod(path, 0o666)  # noqa: S103 - another user writes to it
        if (pid := os.fork()) == 0:
            become(job, out, err)
            main()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said, told = (Path(path).read_text("utf-8", errors="replace") for path in (out, err))
        results.append(Ended(status, said, told))
    json.dump([asdict(each) for each in results], sys.stdout)


if __name__ == "__main__":
    work()
