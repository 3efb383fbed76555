"""Long lists, read page by page."""

from __future__ import annotations

import pytest

from modemd.service.pages import MOST_READ_AHEAD, ROWS_PER_PAGE, read_paged_list

ALL = MOST_READ_AHEAD + 3 * ROWS_PER_PAGE


@pytest.mark.parametrize(
    ("limit", "rows", "total"),
    [
        (0, ALL, None),
        (1, 1, ALL),
        (ROWS_PER_PAGE, ROWS_PER_PAGE, ALL),
        (ROWS_PER_PAGE + 1, ROWS_PER_PAGE + 1, ALL),
        (MOST_READ_AHEAD - 1, MOST_READ_AHEAD - 1, ALL),
        (MOST_READ_AHEAD, MOST_READ_AHEAD, ALL),
        (MOST_READ_AHEAD + 1, MOST_READ_AHEAD + 1, ALL),
        (ALL - 1, ALL - 1, ALL),
        (ALL, ALL, None),
        (ALL + 1, ALL, None),
    ],
)
async def test_a_list_is_read_in_pages(limit: int, rows: int, total: int | None) -> None:
    """Every row comes once and in order, no page is larger than one, and only a list that was cut has a total; it knows its last
    row, if that is not too far away."""
    asked: list[int] = []

    async def read(last: int | None, most: int) -> list[int]:
        asked.append(most)
        start = -1 if last is None else last
        return list(range(start + 1, min(start + 1 + most, ALL)))

    async def count() -> int:
        return ALL

    found = await read_paged_list(read, count, limit=limit)
    assert [row async for page in found.pages for row in page] == list(range(rows))
    assert found.total == total
    assert found.last == (limit - 1 if total is not None and limit <= MOST_READ_AHEAD else None)
    assert max(asked) <= ROWS_PER_PAGE


async def test_an_empty_list_has_no_page() -> None:
    """Nothing is counted where nothing is."""

    async def read(last: int | None, most: int) -> list[int]:
        return []

    async def count() -> int:
        raise AssertionError

    found = await read_paged_list(read, count, limit=50)
    assert [page async for page in found.pages] == []
    assert found.total is None
