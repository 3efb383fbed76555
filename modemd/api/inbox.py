"""Routes of inbound messages and opt-outs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from modemd.api.lists import list_response
from modemd.api.messages import accepted_response
from modemd.api.requests import Before, Body, Decision, IdFilter, Limit, Moment, PathId, Text, new_router
from modemd.service.inbox.inbound import InboxSearch
from modemd.service.service import Service

SeenSince = Annotated[Moment | None, Query(description="seen at this moment or later, oldest first")]


class InboxReply(Body):
    """Answer to the sender of an inbound message. `text` and `key` mean what docs/sending.md says."""

    text: str
    key: Text | None = None


def make_router(service: Service) -> APIRouter:
    """Returns the routes of inbound messages and opt-outs."""
    router = new_router("/v1")

    @router.get("/inbox", summary="List the inbound messages, newest first", response_model=list[dict[str, Any]])
    async def get_inbox(
        request: Request,
        id: IdFilter = None,
        kind: str | None = None,
        sender: Annotated[str | None, Query(alias="from", description="from this number or name")] = None,
        since: SeenSince = None,
        before: Before = None,
        limit: Limit = 50,
    ) -> StreamingResponse:
        search = InboxSearch(id, kind, sender, since, before, is_oldest_first=since is not None)
        return list_response(request, await service.inbox.list_messages(search, limit=limit))

    @router.post(
        "/inbox/{id}/reply", status_code=202, summary="Answer the sender of an inbound message, from the same SIM"
    )
    async def post_reply(id: PathId, reply: InboxReply) -> JSONResponse:
        return accepted_response(await service.contacts.reply(id, reply.text, reply.key))

    @router.get(
        "/optouts", summary="List the numbers that have opted out, newest first", response_model=list[dict[str, Any]]
    )
    async def get_opt_outs(request: Request, limit: Limit = 50) -> StreamingResponse:
        return list_response(request, await service.consent.records.list_opt_outs(limit=limit))

    @router.post("/optouts/{number}/undo", summary="Undo an opt-out that was meant for another number")
    async def post_undo(number: str, decision: Decision) -> dict[str, Any]:
        await service.consent.records.undo_opt_out(number, decision.authorship)
        return {"number": number, "opted_out": False}

    return router
