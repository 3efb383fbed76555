"""An asyncio loop on a thread of its own, and calls into it from threads that know nothing of asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")

CALL_TIMEOUT_S = 30.0
"""How long a call waits for the loop, which never does anything that lasts."""


class Background:
    """A running loop. What its callbacks raise is kept in `errors`: nobody else would hear of it."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.errors: list[BaseException] = []
        self.loop.set_exception_handler(self._take_error)
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Run `function` on the loop's thread; its result or its error. RuntimeError after `close`."""
        action = partial(function, *arguments, **named)
        if threading.current_thread() is self._thread:  # a phone's reaction, which runs there already
            return action()
        future: Future[Result] = Future()
        self.loop.call_soon_threadsafe(self._run, action, future)
        return future.result(CALL_TIMEOUT_S)

    def close(self) -> None:
        """End loop and thread. What was put off for later is forgotten."""
        if self.loop.is_closed():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @staticmethod
    def _run(action: Callable[[], Result], future: Future[Result]) -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # it belongs to the thread that waits
            future.set_exception(error)

    def _take_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.errors.append(context.get("exception") or RuntimeError(context["message"]))
