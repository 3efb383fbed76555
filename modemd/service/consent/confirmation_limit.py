"""Limit on confirmations: the evidence that it was reached, for an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta

from modemd.clock import Clock

# An alarm stands so long after the last word that was not confirmed.
QUIET_TIME = timedelta(hours=1)


class ConfirmationLimit:
    """Words of consent that were not confirmed, because the hour had had its confirmations. They bind all the same."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self._first_inbox_id = self._last_inbox_id = 0
        self._last_at: datetime | None = None

    def note(self, inbox_id: int) -> None:
        """Notes that a word was not confirmed; `inbox_id`: the message with it."""
        if self.find_evidence() is None:
            self._count, self._first_inbox_id = 0, inbox_id
        self._count += 1
        self._last_inbox_id, self._last_at = inbox_id, self._clock.now()

    def find_evidence(self) -> str | None:
        """Returns in words how many were not confirmed, and which messages tell more; None if there were none within an hour."""
        if self._last_at is None or self._clock.now() - self._last_at > QUIET_TIME:
            return None
        return (
            f"{self._count} words of consent were obeyed but not confirmed, because this hour has had its confirmations; see the "
            f"inbox, messages {self._first_inbox_id} to {self._last_inbox_id}: somebody may be sending them to run up costs"
        )
