"""The emulator's only notion of time.

Nothing else in this package asks a clock: a network and its devices run in real time over `LoopTimers`, and in
simulated time over a loop whose clock jumps, without knowing which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Handle(Protocol):
    """An action that waits for its time."""

    def cancel(self) -> None:
        """Forget the action. Cancelling twice, or after it ran, does nothing."""


class Timers(Protocol):
    """Wall time, and actions put off."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""

    def after(self, seconds: float, action: Callable[[], None]) -> Handle:
        """Call `action` once, `seconds` from now. Actions put off by 0 run in the order they were put off."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LoopTimers:
    """Timers over an asyncio loop. `now` says the wall time; left out, it is the system's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, now: Callable[[], datetime] | None = None) -> None:
        self._loop = loop
        self.now: Callable[[], datetime] = now or _utc_now

    def after(self, seconds: float, action: Callable[[], None]) -> Handle:
        # The loop's timer heap does not keep the order of equal times; its ready queue does.
        if seconds <= 0:
            return self._loop.call_soon(action)
        return self._loop.call_later(seconds, action)
