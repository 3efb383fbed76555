"""Many plans from seeds: `python -m tests.sim.seeds --seeds 1000`. One of them, told in full: `--seed 937 --trace`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.sim.plans.attempt import attempt, attempt_with_world, trace
from tests.sim.plans.invariants import Verdict
from tests.sim.plans.plan import seeded

REPLAY = "python -m tests.sim.seeds --seed {seed} --trace"


def tried(seed: int) -> tuple[int, Verdict]:
    """What came of a seed's plan."""
    return seed, attempt(seeded(seed))


def failed(seed: int, verdict: Verdict) -> Iterator[str]:
    """What to say of a seed that failed: what was violated, and how to see it again."""
    yield f"seed {seed} failed; see it again with: {REPLAY.format(seed=seed)}"
    yield from (f"  {violation}" for violation in verdict.violations)


def summary(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """The figures of a run."""
    all_of_them = list(verdicts)
    messages = sum((verdict.messages for verdict in all_of_them), Counter[str]())
    unknown = sum(verdict.unknown for verdict in all_of_them)
    taken = sum(verdict.taken for verdict in all_of_them)
    settled = sum(verdict.settled for verdict in all_of_them)
    yield f"seeds        {len(all_of_them)}"
    yield f"simulated    {sum(verdict.hours for verdict in all_of_them):,.0f} h"
    yield f"messages     {messages.total():,}, of {sum(verdict.parts_accepted for verdict in all_of_them):,} accepted parts"
    yield f"ends         {sum(verdict.ends for verdict in all_of_them):,} of the process"
    yield f"troubles     {sum(verdict.troubles for verdict in all_of_them):,} in modems and network"
    yield f"unknown      {unknown:,} parts at some time, {taken:,} of them taken by the network; {settled:,} settled by evidence"
    yield f"violations   {sum(len(verdict.violations) for verdict in all_of_them)}"
    states = sorted({name.split()[1] for name in messages})
    yield ""
    yield f"{'':16}{''.join(f'{state:>13}' for state in states)}"
    for message_class in sorted({name.split()[0] for name in messages}):
        counts = "".join(f"{messages[f'{message_class} {state}']:>13,}" for state in states)
        yield f"{message_class:16}{counts}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--minutes", type=float, default=15, help="begin no other after so long")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="how many at a time")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="tell all that happened in it")
    given = parser.parse_args()
    if given.seed is not None:
        return _one(given.seed, told=given.trace)
    return _many(range(given.first, given.first + given.seeds), given.minutes * 60, given.jobs)


def _one(seed: int, *, told: bool) -> int:
    verdict, world = attempt_with_world(seeded(seed))
    if told and world is not None:
        _say(trace(world))
    digest = world.simulation.digest() if world is not None else "none"
    _say(failed(seed, verdict) if verdict.violations else [f"seed {seed}: nothing was violated; digest {digest}"])
    return 1 if verdict.violations else 0


def _many(seeds: Iterable[int], seconds: float, jobs: int) -> int:
    began = time.monotonic()
    verdicts = []
    with multiprocessing.Pool(jobs) as pool:
        for seed, verdict in pool.imap_unordered(tried, seeds, chunksize=4):
            verdicts.append(verdict)
            if verdict.violations:
                _say(failed(seed, verdict))
            if time.monotonic() - began > seconds:
                pool.terminate()
                break
    _say(summary(verdicts))
    _say([f"in           {time.monotonic() - began:.0f} s"])
    return 1 if any(verdict.violations for verdict in verdicts) else 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
