"""The inbox of a modem's task: what others want done over its dialogue, between its own work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from modemd.errors import PortGone, ReplyTimeout
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
    """Requests in the order in which they came. Asked from anywhere on the loop, served by the modem's task alone."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = wake
        self._waiting: deque[_Request[Any]] = deque()

    async def submit(self, work: Work[T], within_s: float) -> T:
        """What `work` returns or raises. ReplyTimeout where it has not ended within `within_s`, its time in the queue
        included; it is cut then."""
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
        """Do one request, the next that somebody still waits for. Its errors are the asker's, and never end this."""
        while self._waiting:
            request = self._waiting.popleft()
            if not request.answer.done():
                await self._run_request(request, dialogue, identity)
                return

    async def _run_request(self, request: _Request[Any], dialogue: Dialogue, identity: Identity) -> None:
        """In a task of its own, so that an asker who waits no longer can cut it and nothing else."""
        doing = asyncio.ensure_future(request.work(dialogue, identity))
        request.answer.add_done_callback(lambda _: doing.cancel())
        try:
            await asyncio.wait({doing}, timeout=max(request.deadline - self._loop.time(), 0))
        finally:
            doing.cancel()
            await asyncio.wait({doing})
            if not request.answer.done():
                _copy_result(doing, request.answer)

    def fail_all(self, error: Exception) -> None:
        """Whoever waits is told `error`: the port is lost."""
        while self._waiting:
            _fail(self._waiting.popleft().answer, error)


def _copy_result(doing: asyncio.Future[T], answer: asyncio.Future[T]) -> None:
    """How the work ended, to its asker."""
    if doing.cancelled():
        answer.set_exception(PortGone("the modem's task has ended"))  # no cancellation of the asker
    elif (error := doing.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(doing.result())


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
