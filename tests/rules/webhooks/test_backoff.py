"""Back-off of receivers and of events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.rules.webhooks.backoff import GIVE_UP_AFTER, find_rest, find_retry


@pytest.mark.parametrize("find", [find_rest, find_retry])
def test_waits_grow_to_a_last_one(find: object) -> None:
    """And are never longer than that, however often it fails."""
    assert callable(find)
    waits = [find(times) for times in range(1, 1000)]
    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=10)
    assert waits[-1] == waits[20]
    assert waits[-1] * 20 < GIVE_UP_AFTER


def test_a_receiver_that_is_back_is_noticed_soon() -> None:
    """Within minutes, also after a long time."""
    assert find_rest(1000) == timedelta(minutes=5)
