"""Business days: over weekends and changes of summer time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.consent.business_days import add_business_days

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        pytest.param("2026-11-23T10:00", 2, "2026-11-25T10:00", id="Monday to Wednesday"),
        pytest.param("2026-11-20T15:00", 2, "2026-11-24T15:00", id="Friday to Tuesday"),
        pytest.param(
            "2026-11-21T15:00", 2, "2026-11-25T00:00", id="from a Saturday: Monday and Tuesday are whole days"
        ),
        pytest.param("2026-11-22T23:59", 1, "2026-11-24T00:00", id="from a Sunday"),
        pytest.param("2026-11-20T15:00", 10, "2026-12-04T15:00", id="two weeks"),
        pytest.param("2026-03-27T15:00", 2, "2026-03-31T15:00", id="over the beginning of summer time"),
        pytest.param("2026-10-23T15:00", 2, "2026-10-27T15:00", id="over its end"),
    ],
)
def test_the_local_time_stays(start: str, days: int, end: str) -> None:
    """So many business days later it is the same time of the day, whatever happened to the clocks."""
    begins, ends = (datetime.fromisoformat(text).replace(tzinfo=PARIS) for text in (start, end))
    assert add_business_days(begins.astimezone(UTC), days, PARIS) == ends.astimezone(UTC)


def test_the_day_is_that_of_the_zone() -> None:
    """Friday evening in UTC is Saturday in Auckland."""
    friday = datetime(2026, 11, 20, 20, tzinfo=UTC)
    assert add_business_days(friday, 1, ZoneInfo("Pacific/Auckland")) == datetime(2026, 11, 23, 11, tzinfo=UTC)
