"""One process of the service in simulated time: what it opened, wrote and ran ends with it, without any cleanup.

`end` is `kill -9` at that very moment: a commit that has not begun never happens, one that has is kept though nobody was told,
octets that were written still reach the modem, and the kernel closes the ports. Emulator and network go on.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

from modemd.emulator.links.memory import MemoryPort
from modemd.errors import PortGone
from modemd.service.service import Service
from tests.sim.world.store import SeededReader, SeededWriter

T = TypeVar("T")

_PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Killed(Exception):
    """The process ended while somebody waited for its answer."""


class DevicePort:
    """`modemd.modem.link.port.Port` over the host's side of an emulated line."""

    def __init__(self, host: MemoryPort) -> None:
        self._host = host
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        host.on_data = lambda data: self.on_data(data)
        host.on_lost = lambda: self.on_lost("the device hung up")

    def write(self, data: bytes) -> None:
        try:
            self._host.write(data)
        except OSError as error:
            raise PortGone(str(error)) from error

    @property
    def unwritten(self) -> int:
        return 0

    def close(self) -> None:
        self._host.on_data = lambda data: None
        self._host.on_lost = lambda: None
        self._host.close()


class Process:
    """One process. `build` its service and `call` it as a client; `end` it at any moment."""

    def __init__(self, writer: SeededWriter, reader: SeededReader) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_task_factory(_task_of_process)  # type: ignore[arg-type] # a protocol of named arguments
        self._context: Context = copy_context()
        self._context.run(_PROCESS.set, self)
        self._writer = writer
        self._reader = reader
        self._ports: list[DevicePort] = []
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.ended = False

    def build(self, make: Callable[[], Service]) -> Service:
        """Returns the service, made inside of this process."""
        return self._context.run(make)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task that was started by this process."""
        self._tasks[task] = None
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)

    def opened(self, port: DevicePort) -> DevicePort:
        """A port that this process has open."""
        if self.ended:
            port.close()
            raise asyncio.CancelledError
        self._ports.append(port)
        return port

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """What this process answers. Killed where it ends before it has."""
        if self.ended:
            work.close()
            raise Killed
        task = self._context.run(self._loop.create_task, work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self.ended:
                raise Killed from None
            raise

    def end(self) -> None:
        """Kill the process."""
        self.ended = True
        self._writer.dead = self._reader.dead = True
        for port in self._ports:
            port.close()
        for task in list(self._tasks):
            task.cancel()


def _task_of_process(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **given: Any
) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **given)
    process = _PROCESS.get() if given.get("context") is None else given["context"].get(_PROCESS)
    if process is not None:
        process.adopt(task)
        if process.ended:
            task.cancel()
    return task


def attempts_open(database: sqlite3.Connection) -> int:
    """How many attempts are journaled and not closed: what an end at this moment leaves in doubt."""
    return int(database.execute("SELECT count(*) FROM attempt WHERE outcome = 'open'").fetchone()[0])
