"""How a phone behaves by itself: it answers, has had enough, is off at night."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from modemd.emulator.network.subscribers import Phone, Received
from modemd.emulator.timers import Timers


@dataclass(frozen=True, slots=True)
class OffHours:
    """A stretch of each day, which may run past midnight; `end` belongs to it no more."""

    start: time
    end: time

    def contains(self, moment: time) -> bool:
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def parse_off_hours(text: str) -> OffHours:
    """`22:00-07:00`. ValueError for anything else."""
    if (match := re.fullmatch(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", text)) is not None:
        try:
            start, end = map(time.fromisoformat, match.groups())
        except ValueError:
            start = end = time()
        if start != end:
            return OffHours(start, end)
    raise ValueError(f"{text!r} is not two times of a day, as in 22:00-07:00")


class PhoneAutomation:
    """What a phone does by itself, once `begin` was called.

    It answers each message with `reply`. The `stop_after`-th message it answers with `stop_word` instead, once, and
    says nothing more after that. In its `off` hours, local to `zone`, it is off; at their ends it is switched on.
    """

    def __init__(
        self,
        phone: Phone,
        timers: Timers,
        zone: tzinfo,
        *,
        reply: str | None = None,
        stop_after: int | None = None,
        stop_word: str = "STOP",
        off: Sequence[OffHours] = (),
    ) -> None:
        self._phone = phone
        self._timers = timers
        self._zone = zone
        self._reply = reply
        self._stop_after = stop_after
        self._stop_word = stop_word
        self._off = off
        self._received = 0

    def begin(self) -> None:
        """From now on."""
        if self._reply is not None or self._stop_after is not None:
            self._phone.on_received.append(self._on_received)
        if self._off:
            if any(hours.contains(self._local().time()) for hours in self._off):
                self._phone.switch_off()
            self._schedule_next_change()

    def _on_received(self, received: Received) -> None:
        self._received += 1
        if self._stop_after is not None and self._received >= self._stop_after:
            if self._received == self._stop_after:
                self._phone.send(received.sender, self._stop_word)
        elif self._reply is not None:
            self._phone.send(received.sender, self._reply)

    def _local(self) -> datetime:
        return self._timers.now().astimezone(self._zone)

    def _schedule_next_change(self) -> None:
        """Put off the next change: the first start or end of a stretch from now."""
        now = self._local()
        moments = [
            datetime.combine(now.date() + timedelta(days=day), edge, self._zone)
            for hours in self._off
            for edge in (hours.start, hours.end)
            for day in (0, 1)
        ]
        next_one = min(moment for moment in moments if moment > now)
        self._timers.after(next_one.timestamp() - now.timestamp(), self._change)

    def _change(self) -> None:
        if any(hours.contains(self._local().time()) for hours in self._off):
            self._phone.switch_off()
        else:
            self._phone.switch_on()
        self._schedule_next_change()
