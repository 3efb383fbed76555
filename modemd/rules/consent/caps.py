"""Frequency caps: decides whether a marketing message may go to a number that got marketing before. Pure: the times go in.

Messages are counted, not parts. A message counts from its first attempt that was not refused, also while the outcome is not
known. A window slides: a cap of 2 in 7 days looks at the 7 days before each moment.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.refusals import RefusalCode

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """Cap: the most messages to one number in any `per`. Raises ValueError if it would let nothing pass, or has no duration."""

    count: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.count < 1 or self.per <= timedelta(0):
            raise ValueError(f"a cap of {self.count} in {self.per} is none; name at least 1 message, and a duration")

    def __str__(self) -> str:
        return f"{self.count} per {_format_duration(self.per)}"


@dataclass(frozen=True, slots=True)
class CapHold:
    """Hold of a message by a cap: the reason, until when it waits, and why, in words."""

    reason: RefusalCode
    until: datetime
    because: str


@dataclass(frozen=True, slots=True)
class FrequencyCaps:
    """Caps that bind marketing to each number. All of them must be kept; without a cap nothing is held."""

    caps: tuple[FrequencyCap, ...] = (
        FrequencyCap(2, timedelta(days=7)),
        FrequencyCap(1, timedelta(hours=20)),
    )

    @property
    def longest(self) -> timedelta:
        """Returns how far back the caps look; 0 if there is no cap."""
        return max((cap.per for cap in self.caps), default=timedelta(0))

    def find_hold(self, sent_at: Sequence[datetime], now: datetime) -> CapHold | None:
        """Returns until when one more message must wait; None if it may go now.

        `sent_at`: when each marketing message went to the number, in any order, one time for each message. A message that went
        exactly one window ago counts no more. A time later than `now` counts: the clock was set back."""
        latest = heapq.nlargest(max((cap.count for cap in self.caps), default=0), sent_at)
        hold: CapHold | None = None
        for cap in self.caps:
            if len(latest) < cap.count:
                continue
            until = latest[cap.count - 1] + cap.per
            if until > now and (hold is None or until > hold.until):
                hold = CapHold(RefusalCode.FREQUENCY_CAP, until, _explain(cap))
        return hold


def _explain(cap: FrequencyCap) -> str:
    messages = "1 marketing message" if cap.count == 1 else f"{cap.count} marketing messages"
    return f"its number got {messages} in the last {_format_duration(cap.per)}, the most that consent.caps allows"


def _format_duration(duration: timedelta) -> str:
    """Returns a duration as the configuration writes it, such as `7d` or `20h`."""
    seconds = duration.total_seconds()
    size, unit = next((each for each in _UNITS if seconds % each[0] == 0), (1, "s"))
    return f"{seconds / size:g}{unit}"
