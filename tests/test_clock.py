"""Wall time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from modemd.clock import Clock, SystemClock


def test_the_systems_clock_gives_aware_utc() -> None:
    """The machine's clock says its zone, the zone is UTC, and it is the machine's time."""
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now().astimezone()) < timedelta(minutes=1)
