"""Routes of inbound messages and opt-outs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from modemd.api.documents import documents
from modemd.api.requests import IdFilter, Limit
from modemd.service.service import Service

Since = Annotated[AwareDatetime | None, Query(description="seen at this moment or later, oldest first")]


def make_router(service: Service) -> APIRouter:
    """Returns the routes of inbound messages and opt-outs."""
    router = APIRouter(prefix="/v1")

    @router.get("/inbox", summary="List the inbound messages, newest first")
    async def get_inbox(
        id: IdFilter = None, kind: str | None = None, since: Since = None, limit: Limit = 50
    ) -> list[dict[str, Any]]:
        return documents(await service.inbox.list_messages(id=id, kind=kind, since=since, limit=limit))

    @router.get("/optouts", summary="List the numbers that have opted out, newest first")
    async def get_opt_outs(limit: Limit = 50) -> list[dict[str, Any]]:
        return documents(await service.consent.list_opt_outs(limit=limit))

    return router
