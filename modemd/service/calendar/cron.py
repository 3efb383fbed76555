"""Cron expressions: reads a crontab's five fields as triggers, and computes the times that are due, over changes of summer time
too.

APScheduler's own reader of crontabs counts the days of the week from Monday and joins the two day fields by `and`; a crontab
counts from Sunday and joins them by `or` (crontab(5))."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.service.calendar.nightly import Trigger

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(r"(\*|[0-9a-z]+(?:-[0-9a-z]+)?)(/[0-9]+)?", re.ASCII)
# Only months and days of the week have names; in the other fields APScheduler accepts words that a crontab has not (`last`).
_NUMBERS = re.compile(r"(\*|[0-9]+(?:-[0-9]+)?)(/[0-9]+)?", re.ASCII)
_NICKNAMES = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
LONGEST_EXPRESSION = 200
# How far back a missed time is searched for, nearest first: the times of a whole year of minutes are not walked through.
_LOOKBACKS = tuple(timedelta(minutes=minutes) for minutes in (2, 60, 1440, 11520, 46080, 527040, 2635200))


@dataclass(frozen=True, slots=True)
class CronTimes:
    """Times of a cron expression in a zone.

    Its trigger is asked in local time, as if there were no summer time, because it loops for ever at an hour that occurs twice.
    So each local time is one time: the first of two; and one that a change to summer time leaves out moves forward."""

    trigger: Trigger
    zone: ZoneInfo

    def next_after(self, after: datetime) -> datetime | None:
        """Returns the first time later than `after`, in UTC. None if there is none."""
        wall = after.astimezone(self.zone).replace(tzinfo=UTC, fold=0)
        while True:
            found = self.trigger.get_next_fire_time(None, wall + timedelta(microseconds=1))
            if found is None:
                return None
            at = found.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
            if at > after:
                return at
            wall = found  # the first of two, which is over

    def latest_between(self, after: datetime, now: datetime) -> datetime | None:
        """Returns the last time later than `after` that is not later than `now`. None if there is none."""
        for back in _LOOKBACKS:
            start = max(after, now - back)
            found, at = None, self.next_after(start)
            while at is not None and at <= now:
                found, at = at, self.next_after(at)
            if found is not None or start == after:
                return found
        return None

    def local_name(self, at: datetime) -> str:
        """Returns the local date and time (ISO 8601, minutes), which is the name of a run."""
        return at.astimezone(self.zone).replace(tzinfo=None, fold=0).isoformat(timespec="minutes")


def parse_cron(expression: str, zone: ZoneInfo) -> CronTimes:
    """Returns the times of a cron expression with five fields, or of a nickname such as @daily. Raises Refused (`bad_cron`)."""
    fields = _NICKNAMES.get(expression.strip(), expression).lower().split()
    if len(fields) != len(_FIELDS) or len(expression) > LONGEST_EXPRESSION:
        raise _bad_cron(expression, "it has five fields: minute, hour, day of the month, month, day of the week")
    for index, field in enumerate(fields):
        for item in field.split(","):
            if (_ITEM if index > 2 else _NUMBERS).fullmatch(item) is None:
                raise _bad_cron(expression, f"{item!r} is no value, range or step")
    minute, hour, day, month, weekday = fields
    try:
        if "*" in (day[0], weekday[0]):
            return CronTimes(_trigger(minute, hour, day, month, _weekdays(weekday)), zone)
        either = [_trigger(minute, hour, day, month, "*"), _trigger(minute, hour, "*", month, _weekdays(weekday))]
        return CronTimes(OrTrigger(either), zone)
    except ValueError as error:
        raise _bad_cron(expression, str(error)) from None


def _bad_cron(expression: str, why: str) -> Refused:
    return Refused(ErrorCode.BAD_CRON, f"{expression!r} is no cron expression: {why}; as 30 9 * * 1-5")


def _trigger(minute: str, hour: str, day: str, month: str, weekday: str) -> CronTrigger:
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=UTC)


def _weekdays(field: str) -> str:
    """Returns the days by name, whether they were written as numbers or as names."""
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        if span == "*":
            first, last = 0, 6
        else:
            begin, _, end = span.partition("-")
            first, last = _weekday(begin), _weekday(end or begin)
            if step and not end:
                last = 6
            if last < first and end.startswith(("7", "sun")):
                last = 7
            if last < first:
                raise ValueError(f"{item!r} ends before it begins")
        if step == "0":
            raise ValueError("a step is at least 1")
        found |= {day % 7 for day in range(first, last + 1, int(step or 1))}
    return "*" if len(found) == 7 else ",".join(_DAYS[day] for day in sorted(found))


def _weekday(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdigit() and 0 <= int(text) <= 7:
        return int(text)
    raise ValueError(f"{text!r} is no day of the week; there are 0 to 7 (0 and 7 are Sunday) and sun to sat")
