"""Windows: the hours of the day in which a message may start; the others are quiet hours. Pure: the time goes in.

`Window.find_hold_end` decides whether a message is held, and until when. It is asked twice: when the message is accepted
(`store/outbox/accept.py`), and when a SIM claims its first part (`rules/send_decision.py`, `store/queue/claims.py`).
`store/outbox/due.py` queues the message again. Opening and closing are local times. A time that a change to summer time
leaves out moves forward; of a time that occurs twice the first counts.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from modemd.light_dataclass import dataclass

_FORM = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
# Time from the claim of a part to the end of its answer on a slow modem: so long before the closing, nothing begins.
SECONDS_PER_PART = 5.0


@dataclass(frozen=True, slots=True)
class Window:
    """Window from `opens` to before `closes` in `zone`; over midnight if it closes earlier than it opens."""

    opens: time
    closes: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> Window:
        """Returns the window that a person writes as 09:00-18:00. Raises ValueError for any other form, and for an empty
        window."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no window; write it as 09:00-18:00")
        hours = [int(each) for each in found.groups()]
        opens, closes = time(hours[0], hours[1]), time(hours[2], hours[3])
        if opens == closes:
            raise ValueError(f"{text!r} is never open, or always")
        return cls(opens, closes, zone)

    @classmethod
    def parse_stored(cls, text: str) -> Window:
        """Returns the window that `str` made `text` of, such as `09:00-18:00 Europe/Paris`."""
        return _parse_stored(text)

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M} {self.zone.key}"

    def find_closing(self, now: datetime) -> datetime | None:
        """Returns when the window that is open now closes, in UTC; None while it is closed."""
        for opens, closes in self._nearby_intervals(now):
            if opens <= now < closes:
                return closes
        return None

    def find_opening(self, now: datetime) -> datetime:
        """Returns when the window opens next, later than now, in UTC."""
        return next(opens for opens, _ in self._nearby_intervals(now) if opens > now)

    def find_hold_end(self, now: datetime, parts: int) -> datetime | None:
        """Returns until when a message of so many parts is held: the next opening. None if it may start now: the window is
        open and all parts can be sent before it closes."""
        closing = self.find_closing(now)
        has_time = closing is not None and now + timedelta(seconds=SECONDS_PER_PART * parts) <= closing
        return None if has_time else self.find_opening(now)

    def _nearby_intervals(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Returns the openings and closings from yesterday to the day after tomorrow, in order, in UTC."""
        today = now.astimezone(self.zone).date()
        over_midnight = timedelta(days=1 if self.closes < self.opens else 0)
        days = [today + timedelta(days=day) for day in (-1, 0, 1, 2)]
        return [(self._to_utc(day, self.opens), self._to_utc(day + over_midnight, self.closes)) for day in days]

    def _to_utc(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).replace(fold=0).astimezone(UTC)


@lru_cache(maxsize=256)
def _parse_stored(text: str) -> Window:
    hours, zone = text.split(" ", 1)
    return Window.parse(hours, ZoneInfo(zone))
