"""Watchdog: tells whether the process still makes progress; systemd's watchdog is fed by its answer.

Three things can stop without ending: the event loop, which then runs no task, so systemd is not fed; the thread that writes to
the database, or the one that reads, on a disk that does not answer; and a modem's task, if it waits for something without a
deadline. A sick modem or a dead port is none of these: its task tries again, and a restart of the process would only interrupt
the others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable

from modemd.errors import StoreError
from modemd.modem.modem import Modem
from modemd.store import Store

# How often the database is asked. Its answer may take tens of seconds on a memory card that reorganises itself.
ASK_EVERY_S = 10.0
STORE_TIMEOUT_S = 120.0


class Watchdog:
    """One task beside the service's own (`run`), which asks the database. `find_stall` checks its progress and that of the
    modems' tasks."""

    def __init__(self, store: Store, modems: Callable[[], Iterable[Modem]]) -> None:
        self._store = store
        self._modems = modems
        self._loop = asyncio.get_running_loop()
        self._check_started_at: float | None = None

    async def run(self) -> None:
        """Asks the database every `ASK_EVERY_S` until it is cancelled."""
        while True:
            self._check_started_at = self._loop.time()
            try:
                await self._store.write(_do_nothing)
                await self._store.read(_do_nothing)
            except (StoreError, sqlite3.Error):
                pass  # an error is an answer, too; StoreOutage handles it
            self._check_started_at = None
            await asyncio.sleep(ASK_EVERY_S)

    def find_stall(self) -> str | None:
        """Returns in words what has made no progress within its deadline. None if everything has."""
        now = self._loop.time()
        if self._check_started_at is not None and now - self._check_started_at > STORE_TIMEOUT_S:
            return f"the database has not answered for {now - self._check_started_at:.0f} s"
        for modem in self._modems():
            due = modem.status.turn_deadline
            if due is not None and now > due:
                return f"the task of modem {modem.line.name} is {now - due:.0f} s late"
        return None


def _do_nothing(_: sqlite3.Connection) -> None:
    """Does nothing: the query is only made to see whether the database answers."""
