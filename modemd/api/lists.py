"""Lists: JSON of rows that is written while the rows are read, so that neither the daemon nor its client holds all of it.

A client that accepts `application/jsonl` gets a row a line, any other one JSON array. The first rows are read before the answer
begins: what is wrong with the request is an error with its status.

A list that was cut has the address of its next page in the header `Link` (RFC 8288). The page begins behind the last row, by what
never changes of it, so no row comes twice, and none is left out, whatever is written meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import StreamingResponse

from modemd.api.documents import Document, document, documents
from modemd.api.requests import LARGEST_INTEGER, check_storable
from modemd.errors import ErrorCode, Refused
from modemd.service.pages import PagedList

JSON_LINES = "application/jsonl"
# Header with the number of rows that there are, if `limit` cut the list.
TOTAL = "X-Total-Count"
NextQuery = Callable[[Document], dict[str, str]]
"""Returns the query of the page behind a row, by the document of the row."""


def before_id(row: Document) -> dict[str, str]:
    """Returns the query of the page behind a row of a list that has the newest first, by id."""
    return {"before": str(row["id"])}


def list_response(request: Request, listing: PagedList[Any], find_next: NextQuery = before_id) -> StreamingResponse:
    """Returns the answer with the rows of a list."""
    as_lines = JSON_LINES in request.headers.get("accept", "")
    headers = {} if listing.total is None else {TOTAL: str(listing.total)}
    if listing.last is not None:
        headers |= make_link(request, find_next(document(listing.last)))
    write = _write_lines if as_lines else _write_array
    return StreamingResponse(write(listing), media_type=JSON_LINES if as_lines else "application/json", headers=headers)


async def _write_lines(listing: PagedList[Any]) -> AsyncIterator[str]:
    async for page in listing.pages:
        yield "".join(f"{_encode(row)}\n" for row in documents(page))


async def _write_array(listing: PagedList[Any]) -> AsyncIterator[str]:
    before = "["
    async for page in listing.pages:
        yield before + ",".join(map(_encode, documents(page)))
        before = ","
    yield "[]" if before == "[" else "]"


def make_link(request: Request, query: dict[str, str]) -> dict[str, str]:
    """Returns the header that has the address of the next page: that of the request, with another place to begin."""
    target = f"{quote(request.scope['path'])}?{urlencode(dict(request.query_params) | query)}"
    return {"Link": f'<{target}>; rel="next"'}


def make_cursor(*values: str | int) -> str:
    """Returns the place of a row as a client gives it back: the values by which its list is sorted."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[Any, ...]:
    """Returns the values of a cursor. Raises Refused (`bad_cursor`) if they are not of these kinds."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds) or not _are_storable(values):
        raise Refused(
            ErrorCode.BAD_CURSOR,
            f"{cursor[:40]!r} is no place in this list; take the address of the next page from the header Link",
        )
    return tuple(values)


def _are_storable(values: list[Any]) -> bool:
    try:
        texts = [each for each in values if isinstance(each, str)]
        return texts == list(map(check_storable, texts)) and all(
            abs(each) <= LARGEST_INTEGER for each in values if isinstance(each, int)
        )
    except ValueError:
        return False


def _encode(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
