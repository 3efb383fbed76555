"""Outage of the store: while the database takes no changes (disk full, read-only), tries it again, then resumes the service.

Meanwhile the dispatcher claims nothing, and every acceptance fails. An outcome that is known is written again by
`service/dispatch/outcomes.py`; other steps of the service are by `service/store_retry.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from modemd import logs
from modemd.errors import StoreDamaged
from modemd.store import Store

log = logs.get(__name__)

# How often a database that takes no changes is tried.
TRY_AGAIN_S = 2.0


class StoreOutage:
    """One task (`run`). While the store is in trouble nothing is claimed (the dispatcher checks that). `on_recovered` is called
    afterwards; `on_damaged`, with the error's text, before a damaged database ends the service."""

    def __init__(
        self, store: Store, on_recovered: Callable[[], None], on_damaged: Callable[[str], Awaitable[None]]
    ) -> None:
        self._store = store
        self._on_damaged = on_damaged
        self._on_recovered = on_recovered

    async def run(self) -> None:
        """Watches the store until it is cancelled. Raises StoreDamaged: a database that cannot be relied on ends the service."""
        while True:
            await self._store.failed.wait()
            log.error("the database takes no changes; nothing is accepted or sent", error=str(self._store.failure))
            while self._store.failure is not None:
                if isinstance(self._store.failure, StoreDamaged):
                    await self._on_damaged(str(self._store.failure))
                    raise self._store.failure
                await asyncio.sleep(TRY_AGAIN_S)
                await self._store.retry_write()
            log.warning("the database takes changes again")
            self._on_recovered()
