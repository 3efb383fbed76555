"""Campaigns round changes of the clock and holidays: `python -m tests.sim.campaigns --seeds 48`. One: `--seed 5`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from tests.sim.campaigns.attempt import Outcome, attempt

DAYS = 14


def _try(given: tuple[int, int]) -> tuple[int, Outcome]:
    return given[0], attempt(*given)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--days", type=int, default=DAYS, help="how long each is")
    parser.add_argument("--minutes", type=float, default=15, help="begin no other after so long")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="how many at a time")
    parser.add_argument("--seed", type=int, help="only this one")
    given = parser.parse_args()
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.seeds)
    began, tried, violated, octets, held = time.monotonic(), 0, 0, 0, 0
    with multiprocessing.Pool(given.jobs) as pool:
        for seed, outcome in pool.imap_unordered(_try, [(seed, given.days) for seed in seeds]):
            tried, octets, held = tried + 1, octets + outcome.octets, held + outcome.held
            violated += len(outcome.violations)
            if outcome.violations:
                again = f"python -m tests.sim.campaigns --seed {seed} --days {given.days}"
                sys.stdout.write(f"seed {seed} failed; see it again with: {again}\n")
                sys.stdout.writelines(f"  {violation}\n" for violation in outcome.violations)
                sys.stdout.flush()
            if time.monotonic() - began > given.minutes * 60:
                pool.terminate()
                break
    sys.stdout.write(
        f"{tried} campaigns of {given.days} days: {octets:,} first octets of marketing, {held:,} messages held,"
        f" {violated} violations, in {time.monotonic() - began:.0f} s\n"
    )
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
