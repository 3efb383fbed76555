"""Hours in which many things go wrong, drawn from seeds: every promise holds, and a seed is replayed exactly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.sim.plans.attempt import attempt, attempt_with_world, trace
from tests.sim.plans.plan import seeded
from tests.sim.seeds import failed, tried
from tests.sim.silence import plan as silence

SEEDS = 12
LONG_SEEDS = 212


@pytest.mark.parametrize("first", [1, *(pytest.param(each, marks=pytest.mark.system) for each in range(7, SEEDS, 6))])
def test_some_seeds_break_no_promise(first: int) -> None:
    """Lost 0, twice 0, after STOP 0, in order, nothing unknown without a reason, everything final or closed."""
    verdicts = [tried(seed) for seed in range(first, first + 6)]
    assert [line for seed, verdict in verdicts if verdict.violations for line in failed(seed, verdict)] == []
    assert sum(verdict.messages.total() for _, verdict in verdicts) > 60


@pytest.mark.system
@pytest.mark.parametrize("first", range(SEEDS, LONG_SEEDS, 47))
def test_many_seeds_break_no_promise(first: int) -> None:
    """The same, for more of them; `make sim SEEDS=1000` for still more."""
    verdicts = [tried(seed) for seed in range(first, first + 47)]
    assert [line for seed, verdict in verdicts if verdict.violations for line in failed(seed, verdict)] == []


@pytest.mark.parametrize("seed", [4, pytest.param(7, marks=pytest.mark.system)])
def test_a_seed_is_replayed_exactly(seed: int) -> None:
    """Journal, events, messages and inbox are the same in another process, whatever PYTHONHASHSEED says."""
    command = [sys.executable, "-m", "tests.sim.seeds", "--seed", str(seed)]
    told = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": hashes}, capture_output=True, text=True, check=True
        ).stdout
        for hashes in ("1", "4711")
    }
    assert len(told) == 1
    assert "digest" in told.pop()


def test_a_failing_seed_can_be_read() -> None:
    """Its trace tells in order of time what was wanted, stored and accepted."""
    verdict, world = attempt_with_world(seeded(3))
    assert world is not None
    lines = list(trace(world))
    for word in ("a client wants #0001", "stored: #0001 message queued", "ACCEPTED from modem0"):
        assert any(word in line for line in lines), word
    assert [float(line.split()[0]) for line in lines] == sorted(float(line.split()[0]) for line in lines)
    assert next(failed(3, verdict)) == "seed 3 failed; see it again with: python -m tests.sim.seeds --seed 3 --trace"


def test_every_tenth_answer_is_lost() -> None:
    """Nothing is sent twice but what may be; most of the unknown is settled by the reports that come."""
    verdict = attempt(silence(messages=200))
    assert verdict.violations == ()
    assert verdict.unknown > 10
    assert verdict.settled / verdict.unknown > 0.6
