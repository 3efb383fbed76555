"""Business days: Monday to Friday in a time zone; public holidays count as any other day. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5  # of `date.weekday`


def add_business_days(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Returns the same local time so many business days later, in UTC. From a weekend, days are counted from Monday, 00:00.

    A local time that a change to summer time leaves out moves forward; of one that occurs twice, the first counts."""
    local = moment.astimezone(zone)
    date, clock = local.date(), local.time()
    if date.weekday() >= _SATURDAY:
        date, clock = date + timedelta(days=7 - date.weekday()), time.min
    for _ in range(days):
        date += timedelta(days=1)
        while date.weekday() >= _SATURDAY:
            date += timedelta(days=1)
    return datetime.combine(date, clock, zone).replace(fold=0).astimezone(UTC)
