"""Routes of inbound messages and opt-outs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from modemd.api.access.callers import get_caller
from modemd.api.documents import Document
from modemd.api.lists import before_id, list_response, make_cursor, read_cursor
from modemd.api.messages import ACCEPTED, accepted_response, count_accepted
from modemd.api.requests import After, Before, Body, Decision, IdFilter, Limit, Moment, PathId, Text
from modemd.api.routes import new_router
from modemd.rules.access.callers import scope_idempotency_key
from modemd.service.inbox.inbound import InboxSearch
from modemd.service.service import Service

SeenSince = Annotated[Moment | None, Query(description="seen at this moment or later, oldest first")]


class InboxReply(Body):
    """Answer to the sender of an inbound message. `text` and `key` mean what docs/sending.md says."""

    text: str
    key: Text | None = None


def _behind_seen(row: Document) -> dict[str, str]:
    return {"after": make_cursor(row["seen_at"], row["id"])}


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
        after: Annotated[After, Query(description="with `since`: the next page, as the header Link has it")] = None,
        limit: Limit = 50,
    ) -> StreamingResponse:
        place = read_cursor(after, str, int) if after is not None else None
        is_oldest_first = since is not None or place is not None
        search = InboxSearch(id, kind, sender, since, before, is_oldest_first, place)
        found = await service.inbox.list_messages(search, limit=limit)
        return list_response(request, found, _behind_seen if is_oldest_first else before_id)

    @router.post(
        "/inbox/{id}/reply",
        status_code=202,
        summary="Answer the sender of an inbound message, from the same SIM",
        responses=ACCEPTED,
    )
    async def post_reply(request: Request, id: PathId, reply: InboxReply) -> JSONResponse:
        caller = get_caller(request)
        async with service.keys.spending(caller, 1) as spending:
            key = scope_idempotency_key(caller.key, reply.key)
            answer = await service.contacts.reply(id, reply.text, key, lines=caller.lines)
            spending.accepted = count_accepted([answer])
        return accepted_response(answer)

    @router.get(
        "/optouts", summary="List the numbers that have opted out, newest first", response_model=list[dict[str, Any]]
    )
    async def get_opt_outs(request: Request, after: After = None, limit: Limit = 50) -> StreamingResponse:
        place = read_cursor(after, str, str) if after is not None else None
        found = await service.consent.records.list_opt_outs(after=place, limit=limit)
        return list_response(request, found, lambda row: {"after": make_cursor(row["since"] or "", row["number"])})

    @router.post("/optouts/{number}/undo", summary="Undo an opt-out that was meant for another number")
    async def post_undo(number: str, decision: Decision) -> dict[str, Any]:
        await service.consent.records.undo_opt_out(number, decision.authorship)
        return {"number": number, "opted_out": False}

    return router
