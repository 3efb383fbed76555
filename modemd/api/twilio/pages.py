"""Pages of lists: the keys round the records, the place from which the next page goes on, and the filters that it keeps.

A client takes the one key that it does not know for the records, so that there may be no other key.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import StreamingResponse

from modemd.api.twilio.resources import TwilioCall
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.service.twilio.messages import PagePlace

AnyRecord = TypeVar("AnyRecord")

PAGE_SIZE = 50
LARGEST_PAGE = 1000
# A millisecond of the loop's time.
RECORDS_AT_ONCE = 25
# A page that goes on behind a place, and one that ends there.
_TOKEN = re.compile(r"P([AB])([0-9a-f]{1,16})-([0-9a-f]{1,16})", re.ASCII)
LARGEST_PLACE = 2**63 - 1


def find_page_size(call: TwilioCall) -> int:
    """Returns how many records a page has. Raises TwilioError."""
    return _parse_number(call, "PageSize", PAGE_SIZE, most=LARGEST_PAGE, least=1)


def find_place(call: TwilioCall) -> PagePlace:
    """Returns the place where a page begins or ends. Raises TwilioError, also for the number of a page alone: by such numbers
    a message would be read twice, or not at all, if another comes meanwhile."""
    token = call.form.find("PageToken")
    if token is None:
        if _find_page(call) > 0:
            raise TwilioError(
                TwilioCode.BAD_PARAMETER, "Page needs the PageToken beside it: go on with next_page_uri, as it is"
            )
        return PagePlace()
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise TwilioError(TwilioCode.BAD_PARAMETER, "PageToken is none that modemd gave; begin with the first page")
    before_out, before_in = (min(int(each, 16), LARGEST_PLACE) for each in found.groups()[1:])
    return PagePlace(before_out, before_in, is_end=found[1] == "B")


def page_response(
    call: TwilioCall,
    key: str,
    records: Sequence[AnyRecord],
    make: Callable[[AnyRecord], dict[str, Any]],
    *,
    following: PagePlace | None = None,
    previous: PagePlace | None = None,
) -> Response:
    """Returns the answer with a page of records under `key`, each as `make` writes it, a few at a time. `following` and
    `previous`: where the pages on both sides begin or end, if there are any. Raises TwilioError."""
    frame = _make_frame(call, len(records), following, previous)

    async def write() -> AsyncIterator[str]:
        yield f'{{"{key}":['
        for start in range(0, len(records), RECORDS_AT_ONCE):
            written = ",".join(_encode(make(each)) for each in records[start : start + RECORDS_AT_ONCE])
            yield f",{written}" if start else written
            await asyncio.sleep(0)  # the loop has other work
        yield f"],{_encode(frame)[1:]}"

    return StreamingResponse(write(), media_type="application/json")


def _encode(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _make_frame(
    call: TwilioCall, count: int, following: PagePlace | None, previous: PagePlace | None
) -> dict[str, Any]:
    """Returns the keys of a page round its records."""
    size, page = find_page_size(call), _find_page(call)
    path, kept = call.request.url.path, {"PageSize": str(size)}
    kept |= {name: value for name, value in call.form.fields if name not in ("PageSize", "Page", "PageToken")}

    def make_uri(number: int, token: str | None = None) -> str:
        place = {"PageToken": token} if token is not None else {}
        return f"{path}?{urlencode(kept | {'Page': str(number)} | place)}"

    start = page * size
    return {
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(count - 1, 0),
        "uri": make_uri(page, call.form.find("PageToken")),
        "first_page_uri": make_uri(0),
        "next_page_uri": make_uri(page + 1, _make_token(following)) if following is not None else None,
        "previous_page_uri": make_uri(max(page - 1, 0), _make_token(previous)) if previous is not None else None,
    }


def _make_token(place: PagePlace) -> str:
    return f"P{'B' if place.is_end else 'A'}{place.before_out:x}-{place.before_in:x}"


def _find_page(call: TwilioCall) -> int:
    """Returns the number of a page, which only the client counts. Raises TwilioError."""
    return _parse_number(call, "Page", 0, most=LARGEST_PLACE)


def _parse_number(call: TwilioCall, name: str, otherwise: int, *, most: int, least: int = 0) -> int:
    given = call.form.find(name)
    if given is None:
        return otherwise
    if not (given.isascii() and given.isdecimal() and len(given) < 20 and least <= int(given) <= most):
        raise TwilioError(TwilioCode.BAD_PARAMETER, f"{name} is a number from {least} to {most}")
    return int(given)
