"""Parsers of durations and rates in the form that people write."""

from __future__ import annotations

import re
from datetime import timedelta

DURATION_FORM = "a number and a unit, such as 90s, 5min, 24h or 3d"
RATE_FORM = "parts per second or minute, such as 1/s, 2/s or 30/min, or unlimited"

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|min|h|d)", re.ASCII)
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?/ ?(s|min)", re.ASCII)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> timedelta:
    """Returns the duration that `text` means (`90s`, `5min`, `24h`, `3d`). ValueError for another form."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration")
    try:
        return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
    except OverflowError:
        raise ValueError(f"{text!r} is too long") from None


def parse_rate(text: str) -> float | None:
    """Returns parts per second, more than 0; None means unlimited. ValueError for another form."""
    if text == "unlimited":
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a rate")
    per_second = float(found[1]) / _SECONDS[found[2]]
    if not 0 < per_second < float("inf"):
        raise ValueError(f"{text!r} is too small or too large")
    return per_second
