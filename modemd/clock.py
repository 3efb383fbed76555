"""Clock for wall time, passed in as a collaborator. Deadlines do not use it: they come from the event loop's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Source of the wall time. Simulations and tests pass in their own."""

    def now(self) -> datetime:
        """Returns the wall time, aware, in UTC."""
        ...


class SystemClock:
    """Clock of the machine. Only the composition root makes one."""

    def now(self) -> datetime:
        return datetime.now(UTC)
