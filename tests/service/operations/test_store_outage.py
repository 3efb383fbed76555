"""While the database takes no changes, it is tried again; a damaged one ends the service."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from modemd.errors import ErrorCode, StoreDamaged, StoreUnavailable
from modemd.service.operations.store_outage import TRY_AGAIN_S, StoreOutage
from modemd.store import Store
from tests.sim.world.loop import simulate


class FailingStore:
    """What the watch sees of a store: it takes changes again after so many tries."""

    def __init__(self, trouble: StoreUnavailable | StoreDamaged, tries: int = 0) -> None:
        self.failure: StoreUnavailable | StoreDamaged | None = trouble
        self.failed = asyncio.Event()
        self.failed.set()
        self.tried = 0
        self._tries = tries

    async def retry_write(self) -> None:
        self.tried += 1
        if self.tried == self._tries:
            self.failure = None
            self.failed.clear()


async def unheard(text: str) -> None:
    raise AssertionError(text)


def test_what_passes_is_tried_again_until_it_has() -> None:
    """Every few seconds; then what waited is told to go on, once."""

    async def process() -> None:
        store, told = FailingStore(StoreUnavailable(ErrorCode.DISK_FULL, "no room"), tries=3), list[float]()
        loop = asyncio.get_running_loop()
        watch = asyncio.ensure_future(StoreOutage(cast(Store, store), lambda: told.append(loop.time()), unheard).run())
        await asyncio.sleep(60)
        assert (store.tried, told) == (3, [3 * TRY_AGAIN_S])
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)

    simulate(process())


def test_damage_ends_the_service() -> None:
    """A database that cannot be relied on is not written to again: the task fails, and with it the daemon."""

    async def process() -> None:
        store, words = FailingStore(StoreDamaged("page 7 is not a page")), list[str]()

        async def last_words(text: str) -> None:
            words.append(text)

        with pytest.raises(StoreDamaged, match="page 7"):
            await StoreOutage(cast(Store, store), lambda: None, last_words).run()
        assert (store.tried, words) == (0, ["page 7 is not a page"])

    simulate(process())
