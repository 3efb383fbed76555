"""A day of a busy shop in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.day import MESSAGES, day
from tests.sim.world.loop import simulate

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("hours", "messages"), [(6, 500), pytest.param(24, MESSAGES, marks=pytest.mark.system)])
def test_everything_is_accounted_for_at_the_truth_journal(hours: int, messages: int) -> None:
    """Two modems, some 80 messages an hour, phones off and on: nothing lost, nothing twice, every state true."""
    result = simulate(day(1, hours=hours, messages=messages))
    assert sum(result.states.values()) == messages
    assert set(result.states) <= {"delivered", "undelivered"}, "phones that stayed off too long did not get theirs"
    assert result.states["delivered"] > messages / 2
    assert result.parts_accepted == result.parts_left
    assert result.parts_twice == 0
    assert result.delivered_but_not_received == 0
    assert result.received_but_not_delivered == 0


def test_a_seed_replays_the_day_exactly() -> None:
    """Journal and event rows are identical from the same seed in other processes, whatever PYTHONHASHSEED says."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", _SHORT_DAY],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1
    assert simulate(day(8, hours=2, messages=100)).digest not in digests, "another seed is another day"


_SHORT_DAY = """
from tests.sim.day import day
from tests.sim.world.loop import simulate
print(simulate(day(7, hours=2, messages=100)).digest)
"""
