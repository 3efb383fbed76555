"""The simulation catches what a tired person could have written."""

from __future__ import annotations

import subprocess
import sys
from unittest import mock

import pytest

from modemd.store.outbox import accept
from tests.sim.mutants.patches import MUTANTS, TRIED_FIRST, Mutant, caught
from tests.sim.mutants.promises import SOURCE_MUTANTS
from tests.sim.mutants.sources import ROOT, SourceMutant

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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mistake_can_be_made(mutant: Mutant) -> None:
    """What a mutant replaces is still there under its name."""
    with mutant.patch():
        pass


@pytest.mark.parametrize("mutant", SOURCE_MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mistake_in_the_source_can_be_made(mutant: SourceMutant) -> None:
    """What a mutant replaces stands once in its file, what comes in its place is Python, and its tests are there."""
    compile(mutant.rewrite(mutant.read()), mutant.file, "exec")
    for test in mutant.tests.split():
        file, _, name = test.partition("::")
        assert ROOT.joinpath(file).exists(), test
        assert not name or f"def {name.partition('[')[0]}(" in ROOT.joinpath(file).read_text(encoding="utf-8"), test


def test_every_mistake_has_a_name_of_its_own() -> None:
    """One name, one mistake."""
    names = [each.name for each in MUTANTS] + [each.name for each in SOURCE_MUTANTS]
    assert len(set(names)) == len(names)
    assert set(TRIED_FIRST) <= set(names)


def test_a_mutant_that_is_broken_itself_is_not_caught() -> None:
    """An error of the program is no violated law: it would hide that the mistake was never made."""
    broken = Mutant("broken", "no message can be accepted at all", lambda: mock.patch.object(accept, "submit", None))
    assert caught(broken, most=1) is None


@pytest.mark.system
@pytest.mark.timeout(1500)
def test_every_mistake_is_caught() -> None:
    """None escapes."""
    ended = hunt()
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines()[-1] == f"{(count := len(MUTANTS) + len(SOURCE_MUTANTS))} of {count} caught"
