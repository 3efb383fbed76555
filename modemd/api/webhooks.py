"""Routes of webhooks and their deliveries."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from modemd.api.access.callers import get_caller
from modemd.api.documents import document, documents
from modemd.api.lists import list_response
from modemd.api.requests import LARGEST_INTEGER, Before, Body, IdFilter, Limit, PathId, Text
from modemd.api.routes import new_router
from modemd.errors import ErrorCode, Refused
from modemd.rules.access.callers import ALL
from modemd.rules.changes.kinds import EVERY
from modemd.service.service import Service

Id = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
Dead = Annotated[bool, Query(description="only those that were given up")]


class AddedWebhook(Body):
    """Webhook to add. `events`: kinds, such as `message.*`; `key`: the id of the API key that it belongs to, if the request comes
    by the Unix socket."""

    url: Text
    events: list[Text] = Field(default=[EVERY], max_length=50)
    format: Text = "modemd"
    key: Id | None = None


class ReplayChoice(Body):
    """Deliveries to send again: one by its id; else those that were given up, of a webhook or all."""

    delivery: Id | None = None
    webhook: Id | None = None


def make_router(service: Service) -> APIRouter:
    """Returns the routes of webhooks."""
    router, webhooks = new_router("/v1/webhooks"), service.webhooks

    @router.get("", summary="List the webhooks")
    async def get_webhooks(request: Request) -> list[dict[str, Any]]:
        return documents(await webhooks.list_webhooks(_find_owner(request)))

    @router.post("", status_code=201, summary="Add a webhook; its signing secret is told this once")
    async def post_webhook(request: Request, new: AddedWebhook) -> dict[str, Any]:
        caller = get_caller(request)
        owner = new.key if caller.key is None else caller.key
        if owner is not None and service.keys.find_account_sid(owner) is None:
            await service.keys.load()
            if service.keys.find_account_sid(owner) is None:
                raise Refused(ErrorCode.NOT_FOUND, f"there is no API key {owner} that could be used")
        return document(await webhooks.add(new.url, new.events, new.format, owner))

    @router.get(
        "/deliveries",
        summary="List the deliveries to webhooks, newest first",
        response_model=list[dict[str, Any]],
    )
    async def get_deliveries(
        request: Request, webhook: IdFilter = None, dead: Dead = False, before: Before = None, limit: Limit = 50
    ) -> StreamingResponse:
        listed = await webhooks.list_deliveries(
            webhook=webhook, dead=dead, before=before, owner=_find_owner(request), limit=limit
        )
        return list_response(request, listed)

    @router.post("/replay", summary="Send deliveries again")
    async def post_replay(request: Request, choice: ReplayChoice) -> dict[str, Any]:
        owner = _find_owner(request)
        return document(await webhooks.replay(delivery=choice.delivery, webhook=choice.webhook, owner=owner))

    @router.post("/{id}/remove", summary="Remove a webhook with its deliveries")
    async def post_remove(request: Request, id: PathId) -> dict[str, Any]:
        return document(await webhooks.remove(id, _find_owner(request)))

    @router.post("/{id}/rotate", summary="Give a webhook a new signing secret, which is told this once")
    async def post_rotate(request: Request, id: PathId) -> dict[str, Any]:
        return document(await webhooks.rotate(id, _find_owner(request)))

    return router


def _find_owner(request: Request) -> int | None:
    """Returns the API key whose webhooks a caller may see and change; None for all of them: the key has all scopes, or the
    request came by the Unix socket."""
    caller = get_caller(request)
    return None if caller.may(ALL) else caller.key
