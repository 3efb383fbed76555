"""Route of the event stream: everything that changes, as server-sent events (HTML standard 9.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from modemd.api.access.callers import get_caller
from modemd.api.documents import document
from modemd.api.requests import Text
from modemd.api.routes import new_router
from modemd.rules.changes.kinds import EVERY
from modemd.service.changes.feed import StreamStep
from modemd.service.service import Service

EVENT_STREAM = "text/event-stream"
# Milliseconds after which a browser whose stream has ended asks again.
RETRY_MS = 2000
# A proxy must not keep back what comes.
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

After = Annotated[Text | None, Query(description="only what comes behind the event with this id; 0: everything")]
Kinds = Annotated[Text, Query(description="kinds of events, separated by commas, such as message.*,alarm.raised")]


def make_router(service: Service) -> APIRouter:
    """Returns the route of the event stream."""
    router = new_router("/v1")

    @router.get(
        "/events",
        summary="Follow everything that changes",
        response_class=StreamingResponse,
        responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
    )
    async def get_events(
        request: Request,
        after: After = None,
        kinds: Kinds = EVERY,
        follow: Annotated[bool, Query(description="wait for further events, without an end")] = True,
        last_event_id: Annotated[Text | None, Header(description="as `after`; it counts if there are both")] = None,
    ) -> StreamingResponse:
        start = last_event_id if last_event_id is not None else after
        is_allowed = partial(service.keys.is_valid, get_caller(request))
        steps = await service.changes.follow(start, kinds.split(","), is_endless=follow, is_allowed=is_allowed)
        return StreamingResponse(_write(steps), media_type=EVENT_STREAM, headers=_HEADERS)

    return router


async def _write(steps: AsyncIterator[StreamStep]) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async for step in steps:
        if not step.changes:
            # An id without data is no event, and moves the position of the client.
            yield f": nothing new\nid: {step.position}\n\n"
            continue
        yield "".join(
            f"id: {position}\nevent: {change.kind}\ndata: "
            f"{json.dumps(document(change), ensure_ascii=False, separators=(',', ':'))}\n\n"
            for position, change in step.changes
        )
