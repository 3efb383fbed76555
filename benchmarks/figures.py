"""How figures are told: a line each, with the target beside it."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence


def say(text: str = "") -> None:
    """A line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def figure(what: str, value: float, unit: str = "", *, least: float | None = None, most: float | None = None) -> None:
    """One figure; with a target, whether it is reached."""
    told = f"{what:<72} {value:>10.4g} {unit}"
    if least is not None:
        told += f"   at least {least:g}: {'reached' if value >= least else 'NOT REACHED'}"
    if most is not None:
        told += f"   at most {most:g}: {'reached' if value <= most else 'NOT REACHED'}"
    say(told)


def times(what: str, seconds: Sequence[float], *, median: float | None = None, p95: float | None = None) -> None:
    """Two figures of many times, in milliseconds, with the targets for each if there are any."""
    ordered = sorted(second * 1000 for second in seconds)
    figure(f"{what}, median of {len(ordered)}", statistics.median(ordered), "ms", most=median)
    figure(f"{what}, p95", ordered[int(len(ordered) * 0.95)], "ms", most=p95)
