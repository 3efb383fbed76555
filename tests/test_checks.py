"""The checks of `make check` that are scripts: each can fail."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHECKS = Path(__file__).parents[1] / ".ci"


def run(name: str, root: Path) -> int:
    """The exit status of a check in the project at `root`."""
    (root / ".ci").mkdir(exist_ok=True)
    script = shutil.copy(CHECKS / name, root / ".ci")
    return subprocess.run([script], capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    ("found", "status", "verdict"),
    [
        pytest.param("", 0, 0, id="nothing"),
        pytest.param("modemd/clock.py:23: unused function 'nobody'", 3, 1, id="in the package"),
        pytest.param("tests/test_clock.py:23: unused function 'helper'", 3, 0, id="in the tests"),
        pytest.param("", 1, 1, id="vulture itself fails"),
    ],
)
def test_dead_names_are_refused(tmp_path: Path, found: str, status: int, verdict: int) -> None:
    """Vulture ends with 3 if it has found a name; only those of the package count."""
    vulture = tmp_path / ".venv/bin/vulture"
    vulture.parent.mkdir(parents=True)
    vulture.write_text(f'#!/bin/sh\necho "{found}"\nexit {status}\n')
    vulture.chmod(0o755)
    assert run("dead-names", tmp_path) == verdict


@pytest.mark.parametrize(("line", "verdict"), [("<" * 7 + " HEAD", 1), ("=" * 7, 1), ("=" * 8, 0)])
def test_merge_markers_are_refused(tmp_path: Path, line: str, verdict: int) -> None:
    """In every tracked file, whatever its kind."""
    (tmp_path / "page.md").write_text(f"words\n{line}\n")
    for command in (["init", "--quiet"], ["add", "page.md"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    assert run("merge-markers", tmp_path) == verdict
