"""Routes of inbound messages and opt-outs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime

from modemd.api.documents import documents
from modemd.api.requests import Decision, IdFilter, Limit
from modemd.service.service import Service


def check_moment(moment: datetime) -> datetime:
    """Returns a moment in UTC. Raises ValueError if UTC has no such year."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is not a year from 1 to 9999 in UTC") from None


Since = Annotated[
    Annotated[AwareDatetime, AfterValidator(check_moment)] | None,
    Query(description="seen at this moment or later, oldest first"),
]


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

    @router.post("/optouts/{number}/undo", summary="Undo an opt-out that was meant for another number")
    async def post_undo(number: str, decision: Decision) -> dict[str, Any]:
        await service.consent.undo_opt_out(number, decision.authorship)
        return {"number": number, "opted_out": False}

    return router
