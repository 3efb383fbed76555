"""The laws of STOP hold, and a deliberate mistake is seen."""

from __future__ import annotations

import pytest

from tests.sim.stop_mutants import MUTANTS, StopMutant, made
from tests.sim.stops import find_violations

QUICK = ("start_before_the_stop", "epoch_at_the_second_prompt_only", "no_limit")


def test_every_law_of_stop_holds() -> None:
    """STOP in every form, START in the wrong order, strangers: nothing is sent that must not be."""
    assert find_violations() == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mistake_can_be_made(mutant: StopMutant) -> None:
    """The words that a mutant replaces are still in the source, once."""
    with made(mutant):
        pass


@pytest.mark.parametrize(
    "mutant", [mutant for mutant in MUTANTS if mutant.name in QUICK], ids=lambda mutant: mutant.name
)
def test_some_mistakes_break_a_law(mutant: StopMutant) -> None:
    """Of those that the scenario sees; `make sim-mutants` shows all."""
    with made(mutant):
        assert find_violations()
