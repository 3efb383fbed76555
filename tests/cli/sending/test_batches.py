"""`modemd batches`, and what is decided about a whole batch, without a daemon."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modemd.cli.sending import batches
from tests.cli.shell import Ended, Modemd

WHY = ("--why", "wrong price", "--by", "ann")


@pytest.fixture
def large(modemd: Modemd, tmp_path: Path) -> None:
    """Batch 1, of 60 rows: no daemon makes messages of them."""
    path = tmp_path / "rows.csv"
    rows = "".join(f"+336{row:08d},x,marketing\n" for row in range(60))
    path.write_text(f"to,text,class\n{rows}", encoding="utf-8")
    ended = modemd("send", "--config", "FILE", "--csv", str(path), "--key", "offer")
    assert ended.out.startswith("batch 1: 60 accepted")


def ask(modemd: Modemd, command: str, *arguments: str) -> Ended:
    return modemd(command, "--config", "FILE", *arguments)


def test_no_batches(modemd: Modemd) -> None:
    """An empty list is a sentence for people and an empty list for programs."""
    assert ask(modemd, "batches") == Ended(0, "no batches\n", "")
    assert ask(modemd, "batches", "--json").out == "[]\n"


@pytest.mark.usefixtures("large")
def test_a_batch_without_messages_is_shown(modemd: Modemd) -> None:
    """What is accepted is not nowhere: batches, its messages, and the status tell of it."""
    head, line = ask(modemd, "batches").out.splitlines()
    assert head.split()[:3] == ["id", "state", "reason"]
    assert (line.split()[:3], line.split()[-6:]) == (["1", "accepted", "-"], ["60", "60", "0", "0", "0", "offer"])
    shown = ask(modemd, "batches", "--id", "1").out.splitlines()
    assert shown[0].startswith("batch 1: accepted, accepted 20")
    assert shown[1:] == [
        "60 rows: 60 accepted, 0 refused",
        "60 rows are no messages yet: the daemon makes messages of them",
    ]
    assert ask(modemd, "messages", "--batch", "1").out == (
        "no messages yet: 60 rows of batch 1 are accepted: the daemon makes messages of them\n"
    )
    status = ask(modemd, "status").out
    assert "60 rows of batches are accepted, and no messages yet: modemd batches\n" in status
    assert "nothing waits" not in status
    assert json.loads(ask(modemd, "status", "--json").out)["in_batches"] == 60


def test_refused_rows_that_are_not_listed_are_counted(modemd: Modemd, config: Path) -> None:
    """With the command that lists them, as soon as they are messages."""
    with config.open("a", encoding="utf-8") as file:
        file.write("consent: {marketing: opted_in}\n")
    path = config.with_name("rows.csv")
    rows = "".join(f"+336{row:08d},x,marketing\n" for row in range(102))
    path.write_text(f"to,text,class\n{rows}", encoding="utf-8")
    assert modemd("send", "--config", "FILE", "--csv", str(path), "--key", "k") == Ended(
        1, "batch 1: 0 accepted, 102 refused\n", ""
    )
    ask(modemd, "cancel", "--batch", "1", *WHY)  # makes messages of them, as a daemon does
    more = "2 more are refused: modemd messages --batch 1 --state refused"
    shown = ask(modemd, "batches", "--id", "1").out.splitlines()
    assert (shown[-2].startswith("message 100 to "), shown[-1]) == (True, more)


@pytest.mark.usefixtures("large")
def test_a_batch_is_cancelled(modemd: Modemd) -> None:
    """All its rows end, and are counted; programs get the number."""
    assert ask(modemd, "cancel", "--batch", "1", *WHY) == Ended(
        0, "batch 1: 60 messages cancelled; now 60 cancelled\n", ""
    )
    assert ask(modemd, "batches", "--id", "1").out.splitlines()[-1] == "messages: 60 cancelled"
    again = ask(modemd, "cancel", "--batch", "1", *WHY, "--json")
    assert json.loads(again.out) == {"batch": 1, "changed": 0}


@pytest.mark.usefixtures("large")
def test_a_batch_is_paused_and_resumed(modemd: Modemd) -> None:
    """Its rows stay rows meanwhile, and who paused it, when and why is told."""
    assert ask(modemd, "pause", "--batch", "1", *WHY).out == "batch 1: 0 messages paused; now 60 rows no messages yet\n"
    shown = ask(modemd, "batches", "--id", "1").out
    assert "held (batch_paused)" in shown
    assert re.search(r"^paused [0-9 :-]{19} by ann: wrong price$", shown, re.MULTILINE)
    paused = ask(modemd, "pauses").out
    ending = "modemd resume --batch 1 ends it"
    assert re.fullmatch(rf"batch 1 is paused since [0-9 :-]{{19}} by ann: wrong price; {ending}\n", paused)
    assert ask(modemd, "messages", "--batch", "1").out.endswith("are held: the batch is held\n")
    assert ask(modemd, "resume", "--batch", "1", *WHY).status == 0
    twice = ask(modemd, "resume", "--batch", "1", *WHY)
    assert twice == Ended(1, "", "modemd: batch 1 is not paused\n")


@pytest.mark.parametrize(
    ("command", "status", "line"),
    [
        pytest.param(("messages", "--batch", "99"), 1, "there is no batch 99", id="messages"),
        pytest.param(("batches", "--id", "99"), 1, "there is no batch 99", id="batches"),
        pytest.param(("cancel", "--batch", "99", *WHY), 1, "there is no batch 99", id="cancel"),
        pytest.param(("cancel", *WHY), 2, "needs the ID of a message, or --batch", id="nothing to cancel"),
        pytest.param(("cancel", "1", "--batch", "1", *WHY), 2, "needs the ID of a message, or --batch", id="both"),
        pytest.param(("pause", "--batch", "1", "--class", "otp", *WHY), 2, "cannot be used with --class", id="class"),
    ],
)
def test_what_is_not_there_is_told(modemd: Modemd, command: tuple[str, ...], status: int, line: str) -> None:
    """A number that no batch has is an error, not an empty list."""
    ended = ask(modemd, *command)
    assert (ended.status, ended.out) == (status, "")
    assert line in ended.err


@pytest.mark.usefixtures("large")
def test_a_cancelled_batch_is_told_from_one_that_is_sent(modemd: Modemd) -> None:
    """In the list, and by itself with who, when and why."""
    assert ask(modemd, "cancel", "--batch", "1", *WHY).status == 0
    assert re.search(r"^1 +\w+ +cancelled ", ask(modemd, "batches").out, re.MULTILINE)
    assert re.search(
        r"^cancelled [0-9 :-]{19} by ann: wrong price$", ask(modemd, "batches", "--id", "1").out, re.MULTILINE
    )


@pytest.mark.usefixtures("large")
def test_a_decision_about_a_batch_shows_its_progress(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the states are printed on stderr while it goes on; not with --json, nor if nobody reads along."""
    told: list[bool] = []

    def show(work: Callable[[], Any], describe: Callable[[], str], *, show: bool) -> Any:
        told.append(show)
        assert describe() == "batch 1: 60 rows no messages yet"
        return work()

    monkeypatch.setattr(batches, "show_progress", show)
    for is_terminal, more in ((True, ()), (True, ("--json",)), (False, ())):
        monkeypatch.setattr(sys, "stderr", Terminal(is_terminal=is_terminal))
        assert ask(modemd, "pause", "--batch", "1", *WHY, *more).status == 0
    assert told == [True, False, False]


@pytest.mark.usefixtures("large")
def test_ctrl_c_ends_the_command_and_not_the_decision(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision is stored before its first step: the command says that it goes on."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batches, "show_progress", interrupt)
    ended = ask(modemd, "cancel", "--batch", "1", *WHY)
    assert ended == Ended(130, "", "the cancel of batch 1 may go on without this command: modemd batches --id 1\n\n")


class Terminal(io.StringIO):
    """A stderr that is a terminal, or is none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal
