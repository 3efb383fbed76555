"""Feed of changes, as the faces follow it: from any position on, without an end.

Each stream reads its own pages from the database when its client has taken the last one. So a slow client holds up nobody, and
nothing gathers for it in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from functools import partial
from typing import Any

from modemd import logs
from modemd.errors import ErrorCode, Refused, StoreError
from modemd.light_dataclass import dataclass
from modemd.rules.changes.kinds import EventKind, check_patterns, find_kinds
from modemd.store import Store
from modemd.store.changes import feed
from modemd.store.changes.feed import Change, ConsentChange, Cursor
from modemd.store.rows import AlarmRow, ConsentEventRow, InboxRow, MessageRow, ReportRow

log = logs.get(__name__)

# Rows that are read at once: the loop makes documents of them in two or three milliseconds.
ROWS_PER_READ = 50
# Commits that follow each other so fast share one read.
GATHER_S = 0.05
# A stream without changes says so often that it is still there: proxies close what is silent for a minute.
KEEP_ALIVE_S = 15.0
# Each stream takes one of the server's connections.
MOST_STREAMS = 20


@dataclass(frozen=True, slots=True)
class ConsentEventView:
    """Event of consent, and the number that it is about; empty if that was erased."""

    number: str
    event: ConsentEventRow


@dataclass(frozen=True, slots=True)
class ChangeView:
    """Change. `id`: stable; `detail`: what was known then, by names; `data`: the row that it is about, as it is now; None if
    there is none, or none any more."""

    id: str
    kind: EventKind
    at: str
    detail: dict[str, Any]
    data: MessageRow | InboxRow | ReportRow | AlarmRow | ConsentEventView | None


@dataclass(frozen=True, slots=True)
class StreamStep:
    """Step of a stream: changes, each with the position behind it, or none if it was silent for `KEEP_ALIVE_S`. `position`: the
    one behind all of them."""

    changes: tuple[tuple[str, ChangeView], ...]
    position: str


def make_view(change: Change) -> ChangeView:
    """Returns a change as the faces show it."""
    data = change.data
    shown = ConsentEventView(data.number, data.event) if isinstance(data, ConsentChange) else data
    return ChangeView(change.id, change.kind, change.at, change.detail, shown)


class ChangeFeed:
    """Feed of changes. A stream ends if the feed is closed, or the database cannot be read; if the service is not running, when
    everything is told."""

    def __init__(self, store: Store, is_running: Callable[[], bool]) -> None:
        self._store = store
        self._is_running = is_running
        self._waiting: set[asyncio.Event] = set()  # one for each stream
        self._opening = 0  # streams that have a place, and do not run yet
        self._is_closed = False

    def count(self) -> int:
        """Returns a number that is another after each change of the database by this process."""
        return self._store.changes

    async def follow(
        self,
        after: str | None,
        patterns: Collection[str],
        *,
        is_endless: bool = True,
        is_allowed: Callable[[], bool] = lambda: True,
    ) -> AsyncIterator[StreamStep]:
        """Returns a stream of the changes behind the position `after`; None: of those that come from now on. `patterns`: only of
        these kinds; `is_endless`: it waits for further ones, until `is_allowed` says no.
        Raises Refused (`bad_cursor`, `bad_kind`; `too_many_clients` if
        there are `MOST_STREAMS`)."""
        kinds = find_kinds(check_patterns(patterns))
        given = feed.parse_cursor(after) if after is not None else None
        if len(self._waiting) + self._opening >= MOST_STREAMS:
            raise Refused(
                ErrorCode.TOO_MANY_CLIENTS, f"{MOST_STREAMS} clients follow the events already; end one of them"
            )
        self._opening += 1
        try:
            start = await self._store.read(feed.find_end if given is None else partial(feed.check_cursor, cursor=given))
            stream = self._run(start, kinds, is_allowed, is_endless=is_endless)
            first = await anext(stream)  # from then on it is one of those that wait
        finally:
            self._opening -= 1
        return _prepend(first, stream)

    def close(self) -> None:
        """Ends every stream, once it has told what is there."""
        self._is_closed = True
        for each in self._waiting:
            each.set()

    async def _run(
        self, cursor: Cursor, kinds: frozenset[EventKind], is_allowed: Callable[[], bool], *, is_endless: bool
    ) -> AsyncGenerator[StreamStep]:
        with self._store.listening() as written:
            self._waiting.add(written)
            try:
                # The client learns at once that the stream is open, and where it is.
                yield StreamStep((), str(cursor))
                loop = asyncio.get_running_loop()
                silent_until = loop.time() + KEEP_ALIVE_S
                while is_allowed():
                    written.clear()
                    read = partial(feed.read_changes, cursor=cursor, limit=ROWS_PER_READ, kinds=kinds)
                    page = await self._store.read(read)
                    cursor = page.cursor
                    if page.changes:
                        yield StreamStep(
                            tuple((str(each.cursor), make_view(each)) for each in page.changes), str(cursor)
                        )
                        silent_until = loop.time() + KEEP_ALIVE_S
                    if page.has_more:
                        continue
                    if not is_endless or self._is_closed or not self._is_running():
                        return
                    # Also if others are told of much meanwhile: each change of the database wakes every stream.
                    if loop.time() >= silent_until or not await _wait(written, silent_until - loop.time()):
                        yield StreamStep((), str(cursor))
                        silent_until = loop.time() + KEEP_ALIVE_S
            except StoreError as error:
                log.warning("a stream of events has ended", because=str(error))
            finally:
                self._waiting.discard(written)


async def _prepend(first: StreamStep, others: AsyncGenerator[StreamStep]) -> AsyncIterator[StreamStep]:
    """Yields a step, and those of a stream, which ends with this one."""
    async with contextlib.aclosing(others):
        yield first
        async for each in others:
            yield each


async def _wait(written: asyncio.Event, within_s: float) -> bool:
    """Waits for a commit, and a moment longer for those behind it. Returns False if there was none for `within_s` seconds."""
    try:
        async with asyncio.timeout(within_s):
            await written.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(GATHER_S)
    return True
