"""Durations and rates as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

DURATION_FORM = "a number and a unit, as 90s, 5min, 24h or 3d"
RATE_FORM = "parts per second or minute, as 1/s, 2/s or 30/min, or unlimited"

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|min|h|d)", re.ASCII)
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?/ ?(s|min)", re.ASCII)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> timedelta:
    """The time that `text` says. Raises ValueError for another form."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration")
    try:
        return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    except OverflowError:
        raise ValueError(f"{text!r} is longer than anybody can wait") from None


def parse_rate(text: str) -> float | None:
    """Parts per second, more than 0; None means unlimited. Raises ValueError for another form."""
    if text == "unlimited":
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a rate")
    per_second = float(found[1]) / _SECONDS[found[2]]
    if not 0 < per_second < float("inf"):
        raise ValueError(f"{text!r} would send nothing, or everything at once")
    return per_second
