"""The laws of STOP hold. `tests.sim.mutants.stop` has the mistakes that break them."""

from __future__ import annotations

from tests.sim.stops import find_violations


def test_every_law_of_stop_holds() -> None:
    """STOP in every form, START in the wrong order, strangers: nothing is sent that must not be."""
    assert find_violations() == []
