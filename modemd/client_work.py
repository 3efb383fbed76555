"""Work for clients of a server: told from all other work by its context, which asyncio hands on.

From what reads a connection the context goes to the tasks of its requests, and to all that they await. What a server does is
then behind what the modems need: on the event loop (`modemd.http.slices`) and at the writer of the database
(`modemd.store.writer`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

# The queue of the server for which something is done; None: it is done for nobody's request.
SERVER: ContextVar[object | None] = ContextVar("server", default=None)


def is_for_client() -> bool:
    """Returns whether what runs now is done for a client."""
    return SERVER.get() is not None


@contextlib.contextmanager
def for_clients() -> Iterator[None]:
    """Marks what is done in the block as work for clients: what a client has asked for, and the daemon does by itself later."""
    token = SERVER.set(SERVER.get() or object())
    try:
        yield
    finally:
        SERVER.reset(token)


class WaitingChanges:
    """Counter of the changes of the database for which the writer's thread needs the interpreter before the work of clients goes
    on: those that somebody else waits for, until they are answered; those for clients, until their commit begins. The loop
    counts. `over`: called, once, when none is left."""

    def __init__(self) -> None:
        self.count = 0
        self.over: set[Callable[[], object]] = set()

    def begin(self) -> None:
        """Counts one that was handed to the thread."""
        self.count += 1

    def end(self, count: int = 1) -> None:
        """Counts some that are done."""
        self.count -= count
        if not self.count:
            over, self.over = self.over, set()
            for call in over:
                call()


WAITING_CHANGES = WaitingChanges()
