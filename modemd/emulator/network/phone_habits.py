"""Automatic behaviour of a phone: it answers, sends STOP, and is off at some hours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from modemd.emulator.network.subscribers import Phone, Received
from modemd.emulator.timers import Timers


@dataclass(frozen=True, slots=True)
class OffHours:
    """A period of each day, which may pass midnight; `end` is not part of it."""

    start: time
    end: time

    def contains(self, moment: time) -> bool:
        """Returns whether a time of day is in the period."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def parse_off_hours(text: str) -> OffHours:
    """Parses `22:00-07:00`. Raises ValueError for anything else."""
    if (match := re.fullmatch(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", text)) is not None:
        try:
            start, end = map(time.fromisoformat, match.groups())
        except ValueError:
            start = end = time()
        if start != end:
            return OffHours(start, end)
    raise ValueError(f"{text!r} is not two times of a day, as in 22:00-07:00")


class PhoneAutomation:
    """Automatic behaviour of one phone, from `begin` on.

    The phone answers each message with `reply`. It answers message number `stop_after` with `stop_word` instead, once,
    and none after that. In its `off` hours, local to `zone`, it is off; at their end it is switched on.
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
        """Starts the behaviour."""
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
        """Schedules the next start or end of off hours."""
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
