"""Routes of one number: its thread, and its erasure."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from modemd.api.documents import document, documents
from modemd.api.lists import make_cursor, make_link, read_cursor
from modemd.api.requests import Decision, Limit, Since, Text
from modemd.api.routes import new_router
from modemd.service.service import Service

BeforePlace = Annotated[Text | None, Query(description="only older messages: the next page, as the header Link has it")]


def make_router(service: Service) -> APIRouter:
    """Returns the routes of one number."""
    router = new_router("/v1/numbers")

    @router.get(
        "/{number}/thread",
        summary="Show the messages to and from a number, oldest first",
        response_model=list[dict[str, Any]],
    )
    async def get_thread(
        request: Request, number: str, since: Since = None, before: BeforePlace = None, limit: Limit = 50
    ) -> JSONResponse:
        place = read_cursor(before, str, str, int) if before is not None else None
        found = await service.contacts.list_thread(number, since=since, before=place, limit=limit)
        headers = {}
        if found.has_older:
            first = found.rows[0]
            headers = make_link(request, {"before": make_cursor(first.at, first.direction, first.id)})
        return JSONResponse(documents(found.rows), headers=headers)

    @router.post("/{number}/erase", summary="Erase a number, its texts and its consent history; its opt-out stays")
    async def post_erase(number: str, decision: Decision) -> dict[str, Any]:
        return document(await service.contacts.erase(number, decision.authorship))

    return router
