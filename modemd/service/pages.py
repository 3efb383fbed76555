"""Pages: a long list read step by step, so that neither the daemon nor its client ever holds all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

# Rows that are read at once: a few milliseconds, in which no other list is read.
ROWS_PER_PAGE = 500


@dataclass(frozen=True, slots=True)
class PagedList(Generic[Row]):
    """Rows of a list, in its order, read as they are asked for. `total`: how many there are, if the list was cut by its limit;
    None if it has all of them."""

    pages: AsyncIterator[list[Row]]
    total: int | None = None


async def read_paged_list(
    read: Callable[[Row | None, int], Awaitable[list[Row]]], count: Callable[[], Awaitable[int]], *, limit: int
) -> PagedList[Row]:
    """Returns a list of at most `limit` rows; 0 means all. Raises what reading the first page raises.

    `read` returns as many rows as it is asked for, behind the row that it is given (None: the first); `count`: how many there
    are.
    """
    first = await read(None, _page_size(limit))
    is_cut = bool(limit) and len(first) == limit
    if not is_cut and limit > ROWS_PER_PAGE == len(first):
        is_cut = True  # perhaps: the count says it
    total = await count() if is_cut else None
    return PagedList(_read_pages(first, read, limit), total if total is not None and total > limit else None)


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
