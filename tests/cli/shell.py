"""The command line as a shell sees it: arguments in, exit status and output out."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from modemd.cli.main import main

NO_DAEMON_WARNING = (
    "warning: no daemon runs, so nothing is sent yet; start it: sudo systemctl start modemd, or modemd run\n"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `is_warned`: it said that no daemon runs, which is true of most tests; `err` is without that line."""

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
