"""Lists: JSON of rows that is written while the rows are read, so that neither the daemon nor its client holds all of it.

A client that accepts `application/jsonl` gets a row a line, any other one JSON array. The first rows are read before the answer
begins: what is wrong with the request is an error with its status.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from modemd.api.documents import documents
from modemd.service.pages import PagedList

JSON_LINES = "application/jsonl"
# Header with the number of rows that there are, if `limit` cut the list.
TOTAL = "X-Total-Count"


def list_response(request: Request, listing: PagedList[Any]) -> StreamingResponse:
    """Returns the answer with the rows of a list."""
    as_lines = JSON_LINES in request.headers.get("accept", "")
    headers = {} if listing.total is None else {TOTAL: str(listing.total)}
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


def _encode(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
