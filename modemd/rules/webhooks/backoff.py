"""Back-off of webhooks: how long a receiver that fails is left alone, and an event that it does not take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

# An event that a receiver has not taken after so long is a dead letter.
GIVE_UP_AFTER = timedelta(days=3)
# A receiver that fails gets nothing for so long, by how many deliveries have failed in a row; the last is repeated. It is short,
# so that a receiver that is back has all events soon.
_RESTS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=5))
# An event that a working receiver does not take is tried again after so long, by how often that was so.
_RETRIES = (
    *(timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)),
    timedelta(hours=1),
)


def find_rest(failures: int) -> timedelta:
    """Returns how long a receiver rests after so many failures in a row, from 1."""
    return _choose(_RESTS, failures)


def find_retry(strikes: int) -> timedelta:
    """Returns how long an event waits that a working receiver has not taken so many times, from 1."""
    return _choose(_RETRIES, strikes)


def _choose(waits: Sequence[timedelta], times: int) -> timedelta:
    return waits[min(times, len(waits)) - 1]
