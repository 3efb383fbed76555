"""Each law of promises 2, 4 and 5, by itself, over plans from seeds. Deliberate mistakes of `tests.sim.mutants` break them."""

from __future__ import annotations

from functools import cache

import pytest

from tests.sim.plans.attempt import attempt
from tests.sim.plans.plan import seeded

# A law by the words with which its violations begin, and the plans in which it is asked: those that have what it is about.
LAWS = {
    "not journaled": (1, 2, 7),
    "wrongly told": (1, 2, 7, 8),
    "wrong reference": (1, 2, 7),
    "wrong report": (1, 2, 7, 40, 108, 364),
    "no such refusal": (1, 2, 7),
    "not used again": (1, 2, 11, 58),
    "reset for nothing": (1, 23, 25, 34),
    "waits for nothing": (6, 2, 110, 118, 7, 33, 574),
    "urgent last": (7, 33, 45, 486, 111, 558),
}


@cache
def violations(seed: int) -> tuple[str, ...]:
    """What a seed's plan has violated, each seed tried once."""
    return attempt(seeded(seed)).violations


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.replace(" ", "-"))
def test_a_law_holds(law: str) -> None:
    """Nothing violates it, whatever went wrong on the way."""
    for seed in LAWS[law]:
        assert [each for each in violations(seed) if each.startswith(law)] == [], f"seed {seed}"
