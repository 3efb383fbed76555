"""Tries every mistake: `python -m tests.sim.mutants [NAME ...]`. Exit status 1 if one is not caught."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys

from tests.sim.mutants import patches, sources
from tests.sim.mutants.patches import MUTANTS
from tests.sim.mutants.promises import SOURCE_MUTANTS


def _hunt(given: tuple[str, int]) -> tuple[str, str | None]:
    name, most = given
    for source in SOURCE_MUTANTS:
        if source.name == name:
            return name, sources.caught(source)
    catch = patches.caught(next(mutant for mutant in MUTANTS if mutant.name == name), most)
    return name, None if catch is None else f"try {catch[0]} ({catch[1]}): {catch[2]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; none: all")
    parser.add_argument("--most", type=int, default=300, help="give up after so many seeds, and so many ends")
    given = parser.parse_args()
    known = {each.name: each.what for each in MUTANTS} | {each.name: each.what for each in SOURCE_MUTANTS}
    chosen = [name for name in known if not given.names or name in given.names]
    escaped = 0
    # A process for each: what a mutant has broken is broken for nobody else.
    with multiprocessing.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for name, catch in pool.imap(_hunt, [(name, given.most) for name in chosen], chunksize=1):
            escaped += catch is None
            sys.stdout.write(f"{name:28} {known[name]}\n{'':28} {catch or 'ESCAPED'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - escaped} of {len(chosen)} caught\n")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
