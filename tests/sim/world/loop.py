"""An event loop whose time jumps to the next timer. Nothing waits; a day of sparse events passes as fast as they can run."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # a Monday


class Stuck(AssertionError):
    """Tasks wait, and no timer will ever wake them: a deadlock, found at once."""


class _JumpingSelector(selectors.BaseSelector):
    """Registers what the loop needs for itself, and instead of waiting lets the loop's time jump."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0
        self.steps = 0
        self.on_step: Callable[[int], None] = lambda step: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("every task waits, and no timer is set")
        self.now += timeout
        self.steps += 1
        self.on_step(self.steps)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop of simulated time. `time()` starts at 0 and moves by jumps only."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    @property
    def steps(self) -> int:
        """How many steps it has made: each runs what was ready, and may move time on before."""
        return self._jumping.steps

    def each_step(self, action: Callable[[int], None]) -> None:
        """Call `action` with the number of each step, before anything of it runs."""
        self._jumping.on_step = action


class LoopClock:
    """Wall time that follows a loop's time, and can be stepped as a machine's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime = START) -> None:
        self._loop = loop
        self.start = start
        self.off = timedelta()

    def now(self) -> datetime:
        return self.start + self.off + timedelta(seconds=self._loop.time())

    def seconds(self, stored: str) -> float:
        """The loop's time at a moment as it is stored."""
        return (datetime.fromisoformat(stored) - self.start).total_seconds()


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` in simulated time. An exception in a callback or a forgotten task fails it."""
    loop = JumpingLoop()
    troubles: list[str] = []
    loop.set_exception_handler(lambda _, context: troubles.append(str(context.get("exception") or context["message"])))
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            result = runner.run(main)
    except Stuck as stuck:
        raise Stuck(f"{stuck}; before that, in the background: {troubles}") if troubles else stuck from None
    finally:
        loop.close()
    if troubles:
        raise AssertionError(f"in the background: {troubles}")
    return result
