"""Timers over an asyncio loop."""

from __future__ import annotations

import asyncio

from modemd.emulator import LoopTimers
from tests.emulator.bench import START, becomes


async def test_actions_put_off_by_nothing_keep_their_order() -> None:
    """What is put off by 0 runs later, in order, before what is put off by more; what is cancelled does not run."""
    timers = LoopTimers(asyncio.get_running_loop())
    ran: list[int] = []
    timers.after(0.001, lambda: ran.append(100))
    for number in range(50):
        timers.after(0, lambda number=number: ran.append(number))  # type: ignore[misc]
    timers.after(0, lambda: ran.append(-1)).cancel()
    assert ran == []
    await becomes(lambda: len(ran) == 51)
    assert ran == [*range(50), 100]


async def test_the_time_is_the_one_handed_in() -> None:
    """`now` is asked for the wall time; without one it is the system's, in UTC."""
    loop = asyncio.get_running_loop()
    assert LoopTimers(loop, lambda: START).now() == START
    assert str(LoopTimers(loop).now().tzinfo) == "UTC"
