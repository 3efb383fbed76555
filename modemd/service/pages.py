"""Pages: a long list read step by step, so that neither the daemon nor its client ever holds all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from modemd.light_dataclass import dataclass

Row = TypeVar("Row")

# Rows that are read at once, and shown in one step of the loop: two milliseconds.
ROWS_PER_PAGE = 50
# A list of at most so many rows is read before its answer begins, so that its header can say where the next one begins.
MOST_READ_AHEAD = 500


@dataclass(frozen=True, slots=True)
class PagedList(Generic[Row]):
    """Rows of a list, in its order, read as they are asked for. `total`: how many there are, if the list was cut by its limit;
    None if it has all of them. `last`: the row behind which the rest begins, if the list was cut, and its limit is at most
    `MOST_READ_AHEAD`."""

    pages: AsyncIterator[list[Row]]
    total: int | None = None
    last: Row | None = None


async def read_paged_list(
    read: Callable[[Row | None, int], Awaitable[list[Row]]], count: Callable[[], Awaitable[int]], *, limit: int
) -> PagedList[Row]:
    """Returns a list of at most `limit` rows; 0 means all. Raises what reading the first page raises.

    `read` returns as many rows as it is asked for, behind the row that it is given (None: the first); `count`: how many there
    are.
    """
    if 0 < limit <= MOST_READ_AHEAD:
        rows = await _read_ahead(read, limit + 1)  # one more says whether there is a rest
        if len(rows) <= limit:
            return PagedList(_part(rows))
        return PagedList(_part(rows[:limit]), max(await count(), limit + 1), rows[limit - 1])
    first = await read(None, ROWS_PER_PAGE)
    total = await count() if limit and len(first) == ROWS_PER_PAGE else None
    return PagedList(_read_pages(first, read, limit), total if total is not None and total > limit else None)


async def _read_ahead(read: Callable[[Row | None, int], Awaitable[list[Row]]], most: int) -> list[Row]:
    """Returns the first rows, read page by page."""
    rows: list[Row] = []
    while len(rows) < most:
        asked = min(most - len(rows), ROWS_PER_PAGE)
        page = await read(rows[-1] if rows else None, asked)
        rows += page
        if len(page) < asked:
            break
    return rows


async def _part(rows: list[Row]) -> AsyncIterator[list[Row]]:
    for first in range(0, len(rows), ROWS_PER_PAGE):
        yield rows[first : first + ROWS_PER_PAGE]


async def _read_pages(
    page: list[Row], read: Callable[[Row | None, int], Awaitable[list[Row]]], limit: int
) -> AsyncIterator[list[Row]]:
    given = 0
    while page:
        yield page
        given += len(page)
        asked = _page_size(limit - given) if limit else ROWS_PER_PAGE
        if len(page) < ROWS_PER_PAGE or (limit and given >= limit):
            return
        page = await read(page[-1], asked)


def _page_size(left: int) -> int:
    return min(left, ROWS_PER_PAGE) if left else ROWS_PER_PAGE
