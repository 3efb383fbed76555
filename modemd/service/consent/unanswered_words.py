"""Unanswered words of consent: the evidence that strangers use up the automatic answers, for an alarm."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from modemd import logs
from modemd.clock import Clock

# An alarm is active so long after the last word that was not answered.
QUIET_TIME = timedelta(hours=1)
# Limits by the codes of the decision about an answer (`rules.consent.answers`).
LIMITS = {"number_limit": "per number", "prefix_limit": "per prefix", "hour_limit": "per hour"}
# The plus and five digits, as answers are counted.
_PREFIX_LENGTH = 6
# Senders that are counted, and that are named: an alarm is short, and strangers must not fill the memory.
_MOST_COUNTED = 1000
_MOST_NAMED = 2


class UnansweredWords:
    """Words of consent that were not answered because a limit was reached. They bind all the same."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limits: Counter[str] = Counter()
        self._prefixes: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._first_inbox_id = self._last_inbox_id = 0
        self._last_at: datetime | None = None

    def note(self, limit: str, sender: str, inbox_id: int) -> None:
        """Notes that a word was not answered. `limit`: the code of the limit that was reached; `sender`: who wrote it;
        `inbox_id`: the message with it."""
        if self.find_evidence() is None:
            for counter in (self._limits, self._prefixes, self._numbers):
                counter.clear()
            self._first_inbox_id = inbox_id
        self._limits[limit] += 1
        _count(self._prefixes, sender[:_PREFIX_LENGTH])
        _count(self._numbers, sender)
        self._last_inbox_id, self._last_at = inbox_id, self._clock.now()

    def find_evidence(self) -> str | None:
        """Returns in words how many were not answered, by which limits, who sent the most of them, and which messages tell more;
        None if there were none within an hour. Numbers are masked, as in the log."""
        if self._last_at is None or self._clock.now() - self._last_at > QUIET_TIME:
            return None
        limits = ", ".join(f"{count} {LIMITS.get(limit, limit)}" for limit, count in self._limits.most_common())
        prefixes = [f"{prefix}... {count}" for prefix, count in self._prefixes.most_common(_MOST_NAMED)]
        numbers = [f"{logs.mask_number(number)} {count}" for number, count in self._numbers.most_common(_MOST_NAMED)]
        total = self._limits.total()
        words = "1 word of consent was" if total == 1 else f"{total} words of consent were"
        return (
            f"{words} obeyed but not answered (limit {limits}); most from "
            f"{', '.join(prefixes)}; from {', '.join(numbers)}; see the inbox, messages {self._first_inbox_id} to "
            f"{self._last_inbox_id}: somebody may be sending them to run up costs"
        )


def _count(counter: Counter[str], key: str) -> None:
    if key in counter or len(counter) < _MOST_COUNTED:
        counter[key] += 1
