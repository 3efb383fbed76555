"""The line that tells how far the work is."""

from __future__ import annotations

import threading

import pytest

from modemd.cli.show import progress
from modemd.errors import ErrorCode, Refused


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL_S", 0.001)


class Told:
    """What is told at each question; the work ends with the last. None stands for a question that is refused."""

    def __init__(self, *told: str | None) -> None:
        self._told = list(told)
        self.is_done = threading.Event()

    def work(self) -> str:
        assert self.is_done.wait(10)
        return "done"

    def describe(self) -> str:
        if not self._told:
            return ""
        said = self._told.pop(0)
        if not self._told:
            self.is_done.set()
        if said is None:
            raise Refused(ErrorCode.UNAVAILABLE, "not now")
        return said


def test_nothing_is_left_of_a_longer_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A shorter line covers it with blanks; what cannot be asked now is left out, and the last line ends."""
    told = Told("", "100 queued", None, "9 queued")
    assert progress.show_progress(told.work, told.describe, show=True) == "done"
    assert capsys.readouterr().err == "\r100 queued\r9 queued  \n"


def test_a_line_is_no_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that goes on in the next line could not be printed over."""
    monkeypatch.setenv("COLUMNS", "9")
    told = Told("100 queued, 2 held")
    progress.show_progress(told.work, told.describe, show=True)
    assert capsys.readouterr().err == "\r100 que…\n"


def test_without_a_terminal_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The work is done, and no more."""
    assert progress.show_progress(lambda: 1, lambda: pytest.fail("was asked"), show=False) == 1
    assert capsys.readouterr().err == ""


def test_an_error_of_the_work_is_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """The line ends before it is told."""
    told = Told("1 queued")

    def fail() -> None:
        told.work()
        raise Refused(ErrorCode.STOPPING, "modemd is stopping")

    with pytest.raises(Refused, match="stopping"):
        progress.show_progress(fail, told.describe, show=True)
    assert capsys.readouterr().err == "\r1 queued\n"
