"""Failed tries by address."""

from __future__ import annotations

import pytest

from modemd.service.keys.failed_tries import FREE_TRIES, MOST_ADDRESSES, WINDOW_S, FailedTries


def test_after_some_tries_an_address_has_to_wait(caplog: pytest.LogCaptureFixture) -> None:
    """The wait ends with the minute; it is logged once, and no other address waits."""
    now = 0.0
    tries = FailedTries(lambda: now)
    assert [tries.add("10.0.0.1") for _ in range(FREE_TRIES)] == [0] * FREE_TRIES
    now = 20.0
    assert [tries.add("10.0.0.1") for _ in range(3)] == [40, 40, 40]
    assert tries.add("10.0.0.2") == 0
    assert caplog.text.count("too many requests without a valid key") == 1
    now = WINDOW_S
    assert tries.add("10.0.0.1") == 0


def test_a_flood_of_addresses_takes_no_more_memory() -> None:
    """The one that was quiet for the longest time is forgotten."""
    tries = FailedTries(lambda: 0.0)
    for number in range(MOST_ADDRESSES * 2):
        tries.add(str(number))
    assert len(tries._tries) == MOST_ADDRESSES
