"""The simulation catches what a tired person could have written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sim.mutants import MUTANTS

QUICK = ("intent_after_the_write", "silence_is_a_refusal", "answered_before_the_commit")


def hunt(*names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.sim.mutants", *names], capture_output=True, text=True, check=False
    )


def test_some_mistakes_are_caught() -> None:
    """The quick ones; `make sim-mutants` shows all."""
    ended = hunt(*QUICK)
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines()[-1] == f"{len(QUICK)} of {len(QUICK)} caught"


@pytest.mark.system
def test_every_mistake_is_caught() -> None:
    """None escapes."""
    ended = hunt()
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines()[-1] == f"{len(MUTANTS)} of {len(MUTANTS)} caught"
