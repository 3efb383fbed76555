"""The queue beside its targets: `python -m benchmarks.queue [--quick] [NAME ...]`, or `make bench`.

NAME is one or more of busy, throughput, weight, delays, growth, batch; without one, all of them, in about half an hour. The
emulated modems run in another process. Where two places are named, `on disk` is the folder for temporary files, `in memory`
one whose commits take no time: between them lies what the disk's commits cost, which no software can give back.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks import batch, busy, delays, growth, throughput, weight
from benchmarks.daemon_process import MEMORY, folder
from benchmarks.figures import say


def _busy(quick: bool) -> None:
    sends = 20 if quick else 60
    busy.measure_bare(sends)
    for base, where in ((None, "on disk"), (MEMORY, "in memory")):
        busy.measure(base, where, sends)


PARTS: dict[str, Callable[[bool], None]] = {
    "busy": _busy,
    "throughput": lambda quick: throughput.measure(200 if quick else 1000),
    "weight": lambda quick: weight.measure(*((300, 10) if quick else (2000, 100))),
    "delays": lambda quick: delays.measure(20 if quick else 200),
    "growth": lambda quick: growth.measure(100_000 if quick else growth.LARGE, 10_000 if quick else 100_000),
    "batch": lambda quick: batch.measure(10_000 if quick else batch.ROWS),
}


def commit_s() -> float:
    """What a commit costs on the disk that is measured: the median of writing four pages and having them kept."""
    with folder() as made:
        file = os.open(made / "file", os.O_RDWR | os.O_CREAT)
        lasted = []
        for _ in range(100):
            os.write(file, b"x" * 4096 * 4)
            began = time.perf_counter()
            os.fdatasync(file)
            lasted.append(time.perf_counter() - began)
        os.close(file)
    return statistics.median(lasted)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*PARTS, []], metavar="NAME", help="what to measure")
    parser.add_argument("--quick", action="store_true", help="fewer of everything: an idea, not a figure")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    say(f"{os.cpu_count()} processors, load {load:.1f}; a commit on this disk takes {commit_s() * 1000:.1f} ms")
    if load > 0.5:
        say("other programs are at work: only ratios within one run say something")
    for name in given.names or PARTS:
        say(f"\n{name}")
        PARTS[name](given.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
