"""Whether the wall clock can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.clock_trust import CLOCK_TOLERANCE, NETWORK_MARGIN, check_against_network, find_distrust_reason

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("mark", "network", "because"),
    [
        pytest.param(None, None, None, id="nothing is known"),
        pytest.param(NOW - HOUR, None, None, id="later than what is stored"),
        pytest.param(NOW + CLOCK_TOLERANCE, None, None, id="an ordinary correction"),
        pytest.param(
            NOW + CLOCK_TOLERANCE + SECOND,
            None,
            "something was stored at 2026-11-22T12:00:03",
            id="earlier than stored",
        ),
        pytest.param(None, NOW + NETWORK_MARGIN, None, id="a day from the network's time"),
        pytest.param(None, NOW + DAY + SECOND, "the network says 2026-11-23T12:00:01", id="behind the network"),
        pytest.param(None, NOW - DAY - SECOND, "the network says 2026-11-21T11:59:59", id="ahead of the network"),
        pytest.param(NOW + HOUR, NOW, "something was stored at", id="the network is no witness within a day"),
        pytest.param(NOW + 400 * DAY, NOW, None, id="the network says that the mark is wrong"),
        pytest.param(NOW - HOUR, NOW - 2 * DAY, "the network says", id="later than stored, far from the network"),
    ],
)
def test_what_stands_against_the_clock(mark: datetime | None, network: datetime | None, because: str | None) -> None:
    """Below what is stored, or more than a day from the network's time: not trusted, and the reason is told."""
    found = find_distrust_reason(NOW, mark, network)
    assert (found is None) == (because is None)
    assert found is None or found.startswith(because or "")


@pytest.mark.parametrize(
    ("stamp", "fresh", "wrong"),
    [
        pytest.param(NOW, False, False, id="now"),
        pytest.param(NOW - 5 * DAY, False, None, id="an old message proves nothing"),
        pytest.param(NOW + 5 * DAY, False, True, id="none comes from the future"),
        pytest.param(NOW - 5 * DAY, True, True, id="made at that moment, and behind"),
        pytest.param(NOW + 5 * DAY, True, True, id="made at that moment, and ahead"),
        pytest.param(NOW + 14 * HOUR, True, False, id="a service centre in the wrong zone"),
    ],
)
def test_what_a_stamp_says(stamp: datetime, fresh: bool, wrong: bool | None) -> None:
    """A stamp of the network proves the clock wrong, or right, or nothing."""
    assert check_against_network(stamp, NOW, fresh=fresh) is wrong
