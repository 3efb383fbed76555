"""Routes of API keys, and of the audit log."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from modemd.api.access.callers import get_caller
from modemd.api.documents import document
from modemd.api.lists import list_response
from modemd.api.requests import LARGEST_INTEGER, Before, Body, Limit, Moment, PathId, Text
from modemd.api.routes import new_router
from modemd.service.keys.keys import DEFAULT_PER_MINUTE, IssuedKey, KeyRequest
from modemd.service.service import Service

DEFAULT_OVERLAP_S = 24 * 3600
AfterId = Annotated[int, Query(ge=0, le=LARGEST_INTEGER, description="only with larger ids: the next page")]


class NewKey(Body):
    """Wish for a key."""

    name: Text
    scopes: Annotated[list[Text], Field(max_length=30)]
    lines: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    per_minute: Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)] = DEFAULT_PER_MINUTE
    per_day: Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)] | None = None
    expires_at: Moment | None = None


class Rotation(Body):
    """Rotation of a key."""

    overlap_s: Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER)] = DEFAULT_OVERLAP_S


def make_router(service: Service) -> APIRouter:
    """Returns the routes of keys and of the audit log."""
    router, keys = new_router("/v1"), service.keys

    @router.get("/keys", summary="List the API keys, without their secrets", response_model=list[dict[str, Any]])
    async def list_keys(request: Request, after: AfterId = 0, limit: Limit = 50) -> StreamingResponse:
        return list_response(request, await keys.list_keys(after, limit), lambda row: {"after": str(row["id"])})

    @router.post("/keys", status_code=201, summary="Make an API key; its secret is shown this once")
    async def create(request: Request, new: NewKey) -> dict[str, Any]:
        wish = KeyRequest(new.name, tuple(new.scopes), new.lines, new.per_minute, new.per_day, new.expires_at)
        return _show(await keys.create(wish, get_caller(request)))

    @router.post("/keys/{id}/rotate", summary="Give an API key another secret, shown this once")
    async def rotate(request: Request, id: PathId, rotation: Rotation) -> dict[str, Any]:
        overlap = timedelta(seconds=min(rotation.overlap_s, 10**9))
        return _show(await keys.rotate(id, overlap, get_caller(request)))

    @router.post("/keys/{id}/revoke", summary="End an API key at once")
    async def revoke(id: PathId) -> dict[str, Any]:
        return document(await keys.revoke(id))

    @router.get(
        "/audit",
        summary="List what was changed through the API, by whom and from where, newest first",
        response_model=list[dict[str, Any]],
    )
    async def list_changes(request: Request, before: Before = None, limit: Limit = 50) -> StreamingResponse:
        return list_response(request, await keys.list_changes(before, limit))

    return router


def _show(issued: IssuedKey) -> dict[str, Any]:
    """Returns a key with its secrets."""
    secrets = {"key": issued.key, "auth_token": issued.auth_token}
    return document(issued.row) | secrets | {"warnings": list(issued.warnings)}
