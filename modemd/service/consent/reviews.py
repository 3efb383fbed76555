"""Reviews of what people wrote: when an item is due, how the faces list and decide it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.errors import ErrorCode, Refused
from modemd.rules.consent.business_days import add_business_days
from modemd.service.pages import PagedList, read_paged_list
from modemd.store import Store
from modemd.store.consent import resolutions, reviews
from modemd.store.consent.reviews import ReviewKind, ReviewRow, ReviewText
from modemd.store.events import Authorship

# Kinds that hold marketing, and count as an opt-out if nobody decides in time.
HOLDING = frozenset({ReviewKind.AMBIGUOUS, ReviewKind.REASSIGNED})
# An item that is open for so long is told of.
OLD_AGE = timedelta(days=1)


def open_review(db: sqlite3.Connection, settings: Settings, new: ReviewText, now: datetime) -> int:
    """Opens an item, or adds a text to the open one of its number and kind, in the transaction of the caller. Returns the item's
    id. An item that holds marketing is due after `consent.review_after` business days."""
    holds = new.kind in HOLDING and bool(new.number)
    due_at = add_business_days(now, settings.consent.review_after, settings.timezone) if holds else None
    return reviews.open_item(db, new, due_at, now)


class Reviews:
    """Reviews, as the faces read and decide them. `on_released` is called when marketing that waited may be due."""

    def __init__(self, store: Store, settings: CurrentSettings, clock: Clock, on_released: Callable[[], None]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._on_released = on_released

    async def list_items(self, *, is_every: bool, before: int | None, limit: int) -> PagedList[ReviewRow]:
        """Returns the open items, newest first; with `is_every` the resolved ones, too; `before`: only with smaller ids; `limit`
        0 means all."""

        async def read(last: ReviewRow | None, rows: int) -> list[ReviewRow]:
            end = last.id if last is not None else before
            return await self._store.read(partial(reviews.list_items, resolved=is_every, before=end, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(reviews.count_items, resolved=is_every))

        return await read_paged_list(read, count, limit=limit)

    async def opt_out(self, id: int, authorship: Authorship) -> ReviewRow:
        """Decides that an item is an opt-out, and applies it as any other. Returns the item. Raises Refused (`not_found`,
        `resolved`, `needs_number`, `no_reason`)."""
        change = partial(resolutions.opt_out, review_id=id, authorship=_check(authorship), now=self._clock.now())
        await self._store.write_consent(change)
        return await self._decided(id)

    async def dismiss(self, id: int, authorship: Authorship) -> ReviewRow:
        """Decides that an item changes nothing; what waited for it is sent. Returns the item. Raises Refused (`not_found`,
        `resolved`, `no_reason`)."""
        change = partial(resolutions.dismiss, review_id=id, authorship=_check(authorship), now=self._clock.now())
        await self._store.write(change)
        return await self._decided(id)

    async def undo(self, id: int, authorship: Authorship) -> ReviewRow:
        """Undoes the opt-out that an item tells of. Returns the item. Raises Refused (`not_found`, `resolved`, `own_opt_out`,
        `no_reason`)."""
        change = partial(resolutions.undo, review_id=id, authorship=_check(authorship), now=self._clock.now())
        await self._store.write(change)
        return await self._decided(id)

    async def count_old(self) -> int:
        """Returns how many items have been open for more than a day."""
        return await self._store.read(partial(reviews.count_open, before=self._clock.now() - OLD_AGE))

    async def _decided(self, id: int) -> ReviewRow:
        self._on_released()
        item = await self._store.read(partial(reviews.find, review_id=id))
        assert item is not None  # noqa: S101 - it was decided just now, and items are not deleted
        return item


def _check(authorship: Authorship) -> Authorship:
    """Returns an authorship. Raises Refused (`no_reason`) if it does not say who decides, and why."""
    if not authorship.by.strip() or not authorship.why.strip():
        raise Refused(ErrorCode.NO_REASON, "say who decides, and why")
    return authorship
