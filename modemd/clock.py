"""Wall time, as a collaborator that is handed in. Deadlines are not its business: they come from the loop's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is. Simulations and tests hand in their own."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock. Only the composition root makes one."""

    def now(self) -> datetime:
        return datetime.now(UTC)
