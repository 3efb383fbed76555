"""Retry of a step on the database while it takes no changes. Outcomes of attempts have their own: `dispatch/outcomes.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from modemd import logs
from modemd.errors import StoreError
from modemd.light_dataclass import dataclass

RETRY_S = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreRetry:
    """Repeats a step until the database takes it. `waiting` is the log message for each failure."""

    log: logs.Log
    waiting: str
    retry_s: float = RETRY_S

    async def run(self, step: Callable[[], Awaitable[T]]) -> T:
        """Returns what `step` returns. Each StoreError is logged, and the step repeated after `retry_s`."""
        while True:
            try:
                return await step()
            except StoreError as error:
                self.log.error(self.waiting, error=str(error))
            await asyncio.sleep(self.retry_s)
