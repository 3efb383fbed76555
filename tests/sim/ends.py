"""The process ended at every point of a small scenario: `python -m tests.sim.ends`. One, told in full: `--point step:437`.

The points are all steps of the loop from the first start on, and the moments before and after each commit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from tests.sim.plans.attempt import attempt, attempt_with_world, trace
from tests.sim.plans.invariants import Verdict
from tests.sim.plans.plan import End, Plan, twelve

REPLAY = "python -m tests.sim.ends --point {point}"


@dataclass(frozen=True, slots=True)
class Point:
    """A moment at which the process can end: the n-th `step`, or the n-th commit, `before` it or `after` it."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> Point:
        kind, _, number = text.partition(":")
        if kind not in _ENDS or not number.isdecimal():
            raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(_ENDS)}, a colon and a number")
        return cls(kind, int(number))

    def plan(self) -> Plan:
        """The scenario, with its end here."""
        return replace(twelve(), ends=(_ENDS[self.kind](self.number),))


_ENDS: dict[str, Callable[[int], End]] = {
    "step": lambda number: End(step=number),
    "before": lambda number: End(before_commit=number),
    "after": lambda number: End(after_commit=number),
}


@cache
def points() -> tuple[Point, ...]:
    """All of them: counted in a run without an end, until everything is settled."""
    verdict, world = attempt_with_world(twelve())
    if verdict.violations or world is None:
        raise AssertionError(f"even without an end: {verdict.violations}")
    steps = [Point("step", number) for number in range(1, world.settled_at_step + 1)]
    commits = [Point(kind, number) for number in range(1, world.commits + 1) for kind in ("before", "after")]
    return (*steps, *commits)


def tried(point: Point) -> tuple[Point, Verdict]:
    """What came of an end there."""
    return point, attempt(point.plan())


def failed(point: Point, verdict: Verdict) -> Iterator[str]:
    """What to say of an end that broke a promise, and how to see it again."""
    yield f"an end at {point} breaks a promise; see it again with: {REPLAY.format(point=point)}"
    yield from (f"  {violation}" for violation in verdict.violations)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--point", type=Point.parse, help="only this one, told in full: step:N, before:N or after:N")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="how many at a time")
    given = parser.parse_args()
    if given.point is not None:
        verdict, world = attempt_with_world(given.point.plan())
        _say(trace(world) if world is not None else ())
        _say(failed(given.point, verdict) if verdict.violations else [f"{given.point}: nothing was violated"])
        return 1 if verdict.violations else 0
    every = points()
    with multiprocessing.Pool(given.jobs) as pool:
        found = list(pool.imap(tried, every, chunksize=16))
    bad = [(point, verdict) for point, verdict in found if verdict.violations]
    for point, verdict in bad:
        _say(failed(point, verdict))
    unknown, taken, settled = (
        sum(each) for each in zip(*((v.unknown, v.taken, v.settled) for _, v in found), strict=True)
    )
    _say(
        [
            f"{len(every)} points, {len(bad)} of them break a promise",
            f"{unknown} parts were unknown at some time, {taken} of them taken by the network; {settled} settled by evidence",
        ]
    )
    return 1 if bad else 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
