"""Runs blocking work on a daemon thread of its own: the work may block for ever, and the end of the process does not wait
for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_blocking(
    what: str, work: Callable[[], T], timeout_s: float, *, too_late: Callable[[T], None] | None = None
) -> T:
    """Returns the result of `work`, or raises its error. Raises TimeoutError after `timeout_s` seconds; a result that comes
    later is handed to `too_late`, or dropped if that is None."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def succeed(result: T) -> None:
        if not done.done():
            done.set_result(result)
        elif too_late is not None:
            too_late(result)

    def fail(error: Exception) -> None:
        if not done.done():
            done.set_exception(error)

    def call_on_loop(call: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            failure = error  # Python deletes the name `error` at the end of the clause
            call_on_loop(lambda: fail(failure))
        else:
            call_on_loop(lambda: succeed(result))

    threading.Thread(target=run, name=what, daemon=True).start()
    async with asyncio.timeout(timeout_s):
        return await done
