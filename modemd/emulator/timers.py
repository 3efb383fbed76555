"""Time for the emulator: the wall time, and actions that run later.

No other module of this package asks a clock. Over `LoopTimers`, a network and its devices run in real time; over a loop
whose clock jumps, they run in simulated time, and do not know which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Handle(Protocol):
    """Handle of an action that runs later."""

    def cancel(self) -> None:
        """Cancels the action. Does nothing if the action is cancelled already or has run."""


class Timers(Protocol):
    """Source of the wall time, and scheduler of actions."""

    def now(self) -> datetime:
        """Returns the wall time, aware, in UTC."""

    def after(self, seconds: float, action: Callable[[], None]) -> Handle:
        """Schedules one call of `action`, `seconds` from now. Actions scheduled with 0 run in the order of scheduling."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LoopTimers:
    """Timers over an asyncio loop. `now` returns the wall time; without it, the time of the system is used."""

    def __init__(self, loop: asyncio.AbstractEventLoop, now: Callable[[], datetime] | None = None) -> None:
        self._loop = loop
        self.now: Callable[[], datetime] = now or _utc_now

    def after(self, seconds: float, action: Callable[[], None]) -> Handle:
        # The loop's timer heap does not keep the order of equal times; its ready queue does.
        """Schedules one call of `action`, `seconds` from now."""
        if seconds <= 0:
            return self._loop.call_soon(action)
        return self._loop.call_later(seconds, action)
