"""Child processes that live no longer than the command that started them. What a kill leaves is in tests/system."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.cli.lab.companions import ChildProcessEnded, ChildProcesses

PATIENCE_S = 30


def test_a_child_that_ends_is_reported(tmp_path: Path) -> None:
    """It is named, with how it ended and the last line it said."""
    with ChildProcesses(tmp_path) as companions:
        companions.start("daemon", "run", "--config", tmp_path / "absent.yaml")
        with pytest.raises(
            ChildProcessEnded, match=r"^the daemon has ended with status 2; its last line was: modemd: .*absent"
        ):
            companions.check(PATIENCE_S)


def test_a_child_without_output_is_reported(tmp_path: Path) -> None:
    """Where it said nothing, nothing is quoted."""
    with ChildProcesses(tmp_path) as companions:
        companions.start("quiet", "--version")
        with pytest.raises(ChildProcessEnded, match=r"^the quiet has ended with status 0"):
            companions.check(PATIENCE_S)
        (tmp_path / "quiet.log").write_text("\n \n", encoding="utf-8")
        with pytest.raises(ChildProcessEnded, match=r"^the quiet has ended with status 0$"):
            companions.check()


def test_who_fails_inside_leaves_no_child(tmp_path: Path) -> None:
    """An error in the block ends the children, and stays the error."""
    companions = ChildProcesses(tmp_path)

    def fail() -> None:
        with companions:
            companions.start("emulator", "emulate", "--dir", tmp_path / "lab")
            companions.check()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(ChildProcessEnded, match="emulator"):
        companions.check()
