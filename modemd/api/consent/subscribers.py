"""Routes of lists of subscribers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from modemd.api.lists import list_response
from modemd.api.requests import After, Limit
from modemd.api.routes import new_router
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the routes of lists of subscribers."""
    router = new_router("/v1/consent/lists")

    @router.get(
        "/{name}/subscribers",
        summary="List what each number has said about a list",
        response_model=list[dict[str, Any]],
    )
    async def get_subscribers(request: Request, name: str, after: After = None, limit: Limit = 50) -> StreamingResponse:
        found = await service.consent.records.list_subscribers(name, after=after or "", limit=limit)
        return list_response(request, found, lambda row: {"after": row["number"]})

    return router
