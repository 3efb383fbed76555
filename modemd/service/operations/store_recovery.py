"""What the service does while the database takes no changes: says so, tries again, and lets things go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from modemd import logs
from modemd.errors import StoreDamaged
from modemd.store import Store

log = logs.get(__name__)

# How often a database that takes no changes is tried.
TRY_AGAIN_S = 2.0


class StoreRecovery:
    """One task. While the store is in trouble nothing is claimed (the dispatcher looks); `recovered` is called afterwards;
    `damaged`, with what is wrong, before a damaged one ends the service."""

    def __init__(self, store: Store, recovered: Callable[[], None], damaged: Callable[[str], Awaitable[None]]) -> None:
        self._store = store
        self._damaged = damaged
        self._recovered = recovered

    async def run(self) -> None:
        """Until cancelled. Raises StoreDamaged: a database that cannot be relied on ends the service."""
        while True:
            await self._store.troubled.wait()
            log.error("the database takes no changes; nothing is accepted or sent", error=str(self._store.trouble))
            while self._store.trouble is not None:
                if isinstance(self._store.trouble, StoreDamaged):
                    await self._damaged(str(self._store.trouble))
                    raise self._store.trouble
                await asyncio.sleep(TRY_AGAIN_S)
                await self._store.try_again()
            log.warning("the database takes changes again")
            self._recovered()
