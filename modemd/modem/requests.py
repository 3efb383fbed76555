"""Requests to a modem's task: work that others want done over its dialogue, run between the task's own work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from modemd.errors import PortGone, ReplyTimeout
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.status import Identity

T = TypeVar("T")
Work = Callable[[Dialogue, Identity], Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True)
class _Request(Generic[T]):
    work: Work[T]
    deadline: float
    answer: asyncio.Future[T]


class RequestQueue:
    """Queue of requests, in order of arrival. Any code on the loop may submit; only the modem's task runs them."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = wake
        self._waiting: deque[_Request[Any]] = deque()

    async def submit(self, work: Work[T], within_s: float) -> T:
        """Returns the result of `work`, or raises its error. Raises ReplyTimeout, and cancels the work, if it has not ended
        within `within_s` seconds; the time in the queue counts."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Request(work, self._loop.time() + within_s, answer))
        self._wake()
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError:
            raise ReplyTimeout(f"the modem has not done it within {within_s:g} s") from None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    async def run_next(self, dialogue: Dialogue, identity: Identity) -> None:
        """Runs the next request that somebody still waits for. Errors of the work go to its asker; none is raised here."""
        while self._waiting:
            request = self._waiting.popleft()
            if not request.answer.done():
                await self._run_request(request, dialogue, identity)
                return

    async def _run_request(self, request: _Request[Any], dialogue: Dialogue, identity: Identity) -> None:
        """Runs the work in a task of its own, so that an asker who gives up cancels the work and nothing else."""
        task = asyncio.ensure_future(request.work(dialogue, identity))
        request.answer.add_done_callback(lambda _: task.cancel())
        try:
            await asyncio.wait({task}, timeout=max(request.deadline - self._loop.time(), 0))
        finally:
            task.cancel()
            await asyncio.wait({task})
            if not request.answer.done():
                _copy_result(task, request.answer)

    def fail_all(self, error: Exception) -> None:
        """Ends all waiting requests with `error`."""
        while self._waiting:
            _fail(self._waiting.popleft().answer, error)


def _copy_result(task: asyncio.Future[T], answer: asyncio.Future[T]) -> None:
    """Copies the result or the error of the work to its asker."""
    if task.cancelled():
        answer.set_exception(PortGone("the modem's task has ended"))  # an error: the asker itself is not cancelled
    elif (error := task.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(task.result())


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
