"""The process may end at any moment: nothing is lost, nothing is sent twice, and nobody is told what is not true."""

from __future__ import annotations

import pytest

from tests.sim.ends import Point, failed, points, tried

# Some in each run, all of them with the long ones.
SPREAD = 97


def test_the_points_are_all_steps_and_both_sides_of_each_commit() -> None:
    """Counted in a run without an end, from its first step to the last report."""
    every = points()
    kinds = {kind: [point.number for point in every if point.kind == kind] for kind in ("step", "before", "after")}
    assert kinds["step"] == list(range(1, len(kinds["step"]) + 1))
    assert len(kinds["step"]) > 500
    assert kinds["before"] == kinds["after"] == list(range(1, len(kinds["after"]) + 1))
    assert len(kinds["after"]) > 40


def test_an_end_at_some_points_breaks_no_promise() -> None:
    """Spread over the scenario; `python -m tests.sim.ends` tries them all."""
    verdicts = [tried(point) for point in points()[::SPREAD]]
    assert [line for point, verdict in verdicts if verdict.violations for line in failed(point, verdict)] == []
    assert all(verdict.ends == 1 for _, verdict in verdicts)


@pytest.mark.system
@pytest.mark.timeout(600)  # a minute on a machine that has nothing else to do
@pytest.mark.parametrize("part", range(8))
def test_an_end_at_every_point_breaks_no_promise(part: int) -> None:
    """Every step of the loop, and before and after every commit."""
    verdicts = [tried(point) for point in points()[part::8]]
    assert [line for point, verdict in verdicts if verdict.violations for line in failed(point, verdict)] == []


def test_a_point_is_written_as_it_is_read() -> None:
    """What a failure prints is what the command takes."""
    assert all(Point.parse(str(point)) == point for point in points()[::100])
