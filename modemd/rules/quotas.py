"""Quotas of a SIM: decide whether a message may begin, and else until which window it is held. Pure: usage and limits go in.

Parts are counted, from the claim on; a part that was withdrawn or refused is given back. Windows begin at the full hour, at
midnight and on the first of the month, in the SIM's own zone (`rules/geography/sim_time_zone.py` finds it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass

URGENT = frozenset({MessageClass.ALARM, MessageClass.OTP})
# The same limits bind each class of a group (`QuotaUsage.list_ceilings`).
_CLASS_GROUPS = (
    (MessageClass.ALARM, MessageClass.OTP),
    (MessageClass.SYSTEM, MessageClass.TRANSACTIONAL, MessageClass.CONVERSATIONAL),
    (MessageClass.MARKETING,),
)


class Period(StrEnum):
    """Period for which a quota is counted."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


def find_window_start(period: Period, now: datetime, zone: tzinfo) -> datetime:
    """Returns when the window that `now` lies in began, in UTC."""
    return dict(zip(Period, find_window_starts(now, zone), strict=True))[period]


def find_window_starts(now: datetime, zone: tzinfo) -> tuple[datetime, datetime, datetime]:
    """Returns when the hour, the day and the month that `now` lies in began, in UTC."""
    return _find_window_starts(_quarter_hour(now), zone)


# Asked by every search and every claim.
@lru_cache(maxsize=64)
def _find_window_starts(quarter: datetime, zone: tzinfo) -> tuple[datetime, datetime, datetime]:
    local = quarter.astimezone(zone)
    today = local.date()
    # The hour is counted back in UTC, so that an hour that occurs twice is two.
    hour = quarter - timedelta(minutes=local.minute)
    return hour, _midnight(today, zone), _midnight(today.replace(day=1), zone)


def _quarter_hour(now: datetime) -> datetime:
    """Returns when the quarter of an hour that `now` lies in began, in UTC. Zones are quarters apart, and change their time at
    quarters: all moments of one quarter have the same windows."""
    utc = now.astimezone(UTC)
    return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)


def find_window_end(period: Period, now: datetime, zone: tzinfo) -> datetime:
    """Returns when the window that `now` lies in ends, in UTC."""
    if period is Period.HOUR:
        return find_window_start(period, now, zone) + timedelta(hours=1)
    today = now.astimezone(zone).date()
    return _midnight(_next_month(today) if period is Period.MONTH else today + timedelta(days=1), zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """Limits of a SIM, in parts; None: no limit. `reserve`: the share, in per cent, of each quota that is kept for alarms and
    OTPs. `marketing_per_hour`: a limit for marketing alone. `warm_up`: the limits of a new SIM on its first days, one after the
    other; alarms and OTPs are not held by it."""

    hour: int | None = None
    day: int | None = None
    month: int | None = None
    reserve: int = 10
    marketing_per_hour: int | None = None
    warm_up: tuple[int, ...] = ()
    zone: tzinfo = UTC

    def quota(self, period: Period) -> int | None:
        """Returns the limit for a period; None: no limit."""
        return {Period.HOUR: self.hour, Period.DAY: self.day, Period.MONTH: self.month}[period]


@dataclass(frozen=True, slots=True)
class PartCounts:
    """Counts of the parts that a SIM has sent in the current windows. `marketing`: in this hour."""

    hour: int = 0
    day: int = 0
    month: int = 0
    marketing: int = 0
    first_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold of a class: the reason, and until when. `capacity`: parts that go in one window."""

    reason: str
    until: datetime
    period: Period
    capacity: int


def choose_window(hold: Hold, booked: Mapping[datetime, int], parts: int, zone: tzinfo) -> datetime:
    """Returns the first window that has room for so many parts. `booked`: the parts that are held until each window for the same
    reason. So a campaign of days is spread over its days at once, and not held anew in every window."""
    until = hold.until
    while (taken := booked.get(until, 0)) and taken + parts > max(hold.capacity, 1):
        until = find_window_end(hold.period, until, zone)
    return until


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Limit that binds a class: `used` of `limit` parts in a `period`."""

    reason: str
    period: Period
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """Usage of a SIM's quotas at a moment: what it may still send of each class."""

    limits: QuotaLimits
    counts: PartCounts
    now: datetime

    def find_hold(self, message_class: MessageClass, parts: int = 1) -> Hold | None:
        """Returns why and until when a message of so many parts must wait; None if it may begin. A message longer than a whole
        window begins with the window: else it would wait for ever."""
        reached = [
            ceiling
            for ceiling in self.list_ceilings(message_class)
            if ceiling.used + parts > ceiling.limit and (ceiling.used > 0 or ceiling.limit == 0)
        ]
        if not reached:
            return None
        holds = [
            Hold(each.reason, find_window_end(each.period, self.now, self.limits.zone), each.period, each.limit)
            for each in reached
        ]
        return max(holds, key=lambda hold: hold.until)

    def find_holds(self) -> Mapping[MessageClass, Hold]:
        """Returns the classes of which not even one part may begin, in their order, and why."""
        found: dict[MessageClass, Hold] = {}
        for kind in _CLASS_GROUPS:
            hold = self.find_hold(kind[0])
            if hold is not None:
                found |= dict.fromkeys(kind, hold)
        return found

    def list_ceilings(self, message_class: MessageClass) -> Sequence[Ceiling]:
        """Returns every limit that binds a class."""
        urgent = message_class in URGENT
        found = []
        for period, most, used in (
            (Period.HOUR, self.limits.hour, self.counts.hour),
            (Period.DAY, self.limits.day, self.counts.day),
            (Period.MONTH, self.limits.month, self.counts.month),
        ):
            if most is not None:
                kept = 0 if urgent else most * self.limits.reserve // 100
                found.append(Ceiling(f"quota_{period}", period, most - kept, used))
        if message_class is MessageClass.MARKETING and self.limits.marketing_per_hour is not None:
            found.append(Ceiling("marketing_brake", Period.HOUR, self.limits.marketing_per_hour, self.counts.marketing))
        if not urgent and (most := self.warm_up_limit) is not None:
            found.append(Ceiling("warm_up", Period.DAY, most, self.counts.day))
        return found

    @property
    def warm_up_limit(self) -> int | None:
        """Parts that a new SIM may send today; None if the SIM has been here longer than its warm-up."""
        if not self.limits.warm_up or self.counts.first_seen is None:
            return None
        zone = self.limits.zone
        age = (self.now.astimezone(zone).date() - self.counts.first_seen.astimezone(zone).date()).days
        return self.limits.warm_up[max(age, 0)] if age < len(self.limits.warm_up) else None
