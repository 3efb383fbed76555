"""Background loop: asyncio on a thread of its own, and calls into it from threads without asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")

CALL_TIMEOUT_S = 30.0
"""Seconds that a call waits for the loop, which never does anything that lasts."""


class Background:
    """A running loop, and a condition variable for threads that wait for something on it.

    `errors` collects the exceptions that callbacks of the loop raised: nobody else would learn of them.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.errors: list[BaseException] = []
        self._changed = threading.Condition()
        self.loop.set_exception_handler(self._take_error)
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Runs `function` on the thread of the loop; returns its result or raises its error.

        Raises RuntimeError after `close`.
        """
        action = partial(function, *arguments, **named)
        if threading.current_thread() is self._thread:  # a callback of a phone, which runs there already
            return action()
        future: Future[Result] = Future()
        self.loop.call_soon_threadsafe(self._run, action, future)
        return future.result(CALL_TIMEOUT_S)

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Runs a coroutine on the loop; returns its result or raises its error."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(CALL_TIMEOUT_S)

    def notify(self) -> None:
        """Wakes the threads in `wait_for`, so that each calls its `look` again."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, look: Callable[[], Result | None], timeout: float) -> Result | None:
        """Returns the first result of `look` that is not None; None after `timeout` seconds.

        It calls `look` at once and after each `notify`, on the thread that waits.
        """
        found: Result | None = None

        def is_found() -> bool:
            nonlocal found
            found = look()
            return found is not None

        with self._changed:
            self._changed.wait_for(is_found, timeout)
        return found

    def close(self) -> None:
        """Ends loop and thread. Scheduled actions are dropped."""
        if self.loop.is_closed():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @staticmethod
    def _run(action: Callable[[], Result], future: Future[Result]) -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # the waiting thread raises it
            future.set_exception(error)

    def _take_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.errors.append(context.get("exception") or RuntimeError(context["message"]))
