"""Slices: an event loop on which the work of clients goes in short slices, and everything else goes between two of them.

A loop of asyncio runs all that is ready, in order. If a hundred clients ask at the same moment, a modem whose answer has come
waits for all of them, at each of a dozen steps of its dialogue. On this loop, what belongs to a server waits in a queue of the
server's own, of which each turn of the loop runs as much as fits into a slice (`modemd.client_work` says what belongs to a
server). A step that is longer than a slice is not interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

from modemd.client_work import SERVER, WAITING_CHANGES

# Seconds. A send takes a modem some dozen turns of the loop, and each may wait for a slice of every server.
SLICE_S = 0.001
# While the writer's thread runs changes, it needs the interpreter (`modemd.client_work.WaitingChanges`): a server rests until
# that is over, or for so many seconds. If modems keep the writer at work without a pause, clients still have a part of the time.
REST_S = 0.015


class Slices:
    """Queue of what one server has to do on `loop`."""

    def __init__(self, loop: SlicingLoop) -> None:
        self._loop = loop
        self._waiting: deque[asyncio.Handle] = deque()
        self._is_due = False
        self._rest: asyncio.TimerHandle | None = None

    def add(self, handle: asyncio.Handle) -> None:
        """Adds a callback to the end of the queue."""
        self._waiting.append(handle)
        self._fall_due()

    def _fall_due(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            if WAITING_CHANGES.count:
                self._rest = self._loop.call_later(REST_S, self._go_on, context=Context())
                WAITING_CHANGES.over.add(self._go_on)
            else:
                self._loop.call_now(self._run)

    def _go_on(self) -> None:
        """Ends a rest."""
        WAITING_CHANGES.over.discard(self._go_on)
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
            self._loop.call_now(self._run)

    def _run(self) -> None:
        ends_at = self._loop.time() + SLICE_S
        self._is_due = False
        try:
            while self._waiting:
                handle = self._waiting.popleft()
                if not handle.cancelled():
                    handle._run()  # as the loop does it: in its context, with what it raises told to the loop
                if self._loop.time() >= ends_at:
                    break
        finally:
            self._fall_due()


class SlicingLoop(asyncio.SelectorEventLoop):
    """Event loop with slices."""

    # typeshed ties the arguments to the callback; here they are only handed on.
    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        """Runs a callback as soon as possible; if its context belongs to a server, in a slice of that server."""
        slices = SERVER.get() if context is None else context.get(SERVER)
        if not isinstance(slices, Slices):
            return super().call_soon(callback, *args, context=context)
        self._check_closed()  # type: ignore[attr-defined]  # of asyncio's own class
        handle = asyncio.Handle(callback, args, self, context)
        slices.add(handle)
        return handle

    def call_now(self, callback: Callable[[], object]) -> None:
        """Runs a callback in the next turn, whosever it is."""
        super().call_soon(callback, context=Context())


@contextlib.contextmanager
def own_slices() -> Iterator[None]:
    """Marks what is begun in the block, and what follows from it, as work for clients, which goes in slices of its own. On a loop
    without slices, it goes as everything else."""
    loop = asyncio.get_running_loop()
    token = SERVER.set(Slices(loop) if isinstance(loop, SlicingLoop) else object())
    try:
        yield
    finally:
        SERVER.reset(token)
