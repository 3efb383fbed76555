"""Fan-out: reads the change feed behind the mark, and makes a delivery for each receiver that wants to know.

While there is no receiver, there is no mark, and nothing is read. The deliveries and the moved mark are one transaction: a change
is handed to a receiver once, whatever ends the process.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.rules.changes.kinds import EventKind, find_kinds
from modemd.rules.webhooks.targets import parse_target
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.changes import feed
from modemd.store.changes.feed import ChangeHead, Cursor, HeadPage
from modemd.store.webhooks import callbacks, deliveries, mark, subscriptions
from modemd.store.webhooks.callbacks import CallbackTarget
from modemd.store.webhooks.deliveries import NewDelivery
from modemd.store.webhooks.subscriptions import WebhookTarget

log = logs.get(__name__)

# Deliveries that are made at once, if each webhook wants every event: the writer stores them in three milliseconds.
MOST_AT_ONCE = 300
FEWEST_ROWS = 5
# Commits that follow each other so fast share one read.
GATHER_S = 0.05
# The mark moves with the deliveries; without any, it is stored every so many events. They are read again after a start.
EVENTS_PER_MARK = 1000
# A mistake in here must not end the daemon.
AFTER_MISTAKE_S = 60.0
_EVERY_KIND = frozenset(EventKind)


@dataclass(frozen=True, slots=True)
class _Reading:
    page: HeadPage
    targets: list[WebhookTarget]
    callbacks: dict[int, CallbackTarget]


class FanOut:
    """Fan-out of the change feed. `on_deliveries` is called with the lanes that have got deliveries."""

    def __init__(self, store: Store, clock: Clock, on_deliveries: Callable[[Collection[str]], None]) -> None:
        self._store = store
        self._clock = clock
        self._on_deliveries = on_deliveries
        self._retry = StoreRetry(log, "webhooks wait for the database")
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Has the mark read: somebody wants to be told who was not told before."""
        self._woken.set()

    async def run(self) -> None:
        """Makes deliveries until it is cancelled."""
        while True:
            self._woken.clear()
            try:
                cursor = await self._retry.run(lambda: self._store.read(mark.read))
                if cursor is None:
                    await self._woken.wait()
                else:
                    await self._follow(cursor)
            except Exception:  # a mistake of modemd: messages go out all the same
                log.exception("a mistake in the fan-out of webhooks")
                await asyncio.sleep(AFTER_MISTAKE_S)

    async def _follow(self, cursor: Cursor) -> None:
        """Makes deliveries until there is nobody to tell."""
        stored, limit = cursor, FEWEST_ROWS
        with self._store.listening() as written:
            while True:
                written.clear()
                read = partial(_read, cursor=cursor, limit=limit, now=self._clock.now())
                reading = await self._retry.run(partial(self._store.read, read))
                cursor = reading.page.cursor
                limit = max(MOST_AT_ONCE // (len(reading.targets) + 1), FEWEST_ROWS)
                new = [
                    each
                    for head in reading.page.heads
                    for each in make_deliveries(head, reading.targets, reading.callbacks)
                ]
                if new or cursor.event - stored.event >= EVENTS_PER_MARK:
                    add = partial(deliveries.add, new=new, cursor=cursor, now=self._clock.now())
                    await self._retry.run(partial(self._write, add))
                    stored = cursor
                    self._on_deliveries({each.lane for each in new})
                if reading.page.has_more:
                    continue
                if not reading.targets and await self._retry.run(lambda: self._store.read(mark.read)) is None:
                    return
                await written.wait()
                await asyncio.sleep(GATHER_S)

    async def _write(self, change: Callable[[sqlite3.Connection], None]) -> None:
        await self._store.write(change)


def _read(db: sqlite3.Connection, cursor: Cursor, limit: int, now: datetime) -> _Reading:
    """Returns what is behind a position, and who wants to know. Who was there when it happened is found after it."""
    page = feed.read_heads(db, cursor, limit, _EVERY_KIND)
    messages = {head.message_id for head in page.heads if head.message_id is not None}
    return _Reading(page, subscriptions.list_targets(db, now), callbacks.find_callbacks(db, messages))


def make_deliveries(
    head: ChangeHead, targets: Collection[WebhookTarget], callbacks: dict[int, CallbackTarget]
) -> list[NewDelivery]:
    """Returns the deliveries of a change: one for each webhook that wants its kind and was there before it, and one for the
    callback of its message."""
    found = [
        NewDelivery(name_lane(target), head.subject, head.id, head.kind, webhook=target.id)
        for target in targets
        if head.kind in find_kinds(target.events) and head.is_behind(target.starts)
    ]
    callback = callbacks.get(head.message_id) if head.message_id is not None else None
    if callback is not None and (lane := name_callback_lane(callback)) is not None:
        found.append(NewDelivery(lane, head.subject, head.id, head.kind, callback=callback.message_id))
    return found


def name_lane(target: WebhookTarget) -> str:
    """Returns the lane of a webhook."""
    return f"webhook:{target.id}"


def name_callback_lane(callback: CallbackTarget) -> str | None:
    """Returns the lane of a callback: all of one receiver share one. None if its address cannot be called."""
    try:
        return parse_target(callback.url).origin
    except Refused:
        return None
