"""Routes of status, health, alarms, and the release after a restore."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from modemd.api.documents import document
from modemd.api.errors import error_response
from modemd.api.lists import list_response
from modemd.api.requests import Before, Decision, Limit, Text
from modemd.api.routes import new_router
from modemd.service.service import Service


class Release(Decision):
    """Messages to release after a restore: one class, or everything."""

    message_class: Text | None = Field(default=None, alias="class")


def make_router(service: Service) -> APIRouter:
    """Returns the routes of status, health, alarms and release."""
    router, operations = new_router(), service.operations

    @router.get("/v1/status", summary="Show whether messages pass, the modems, and what waits")
    async def get_status() -> dict[str, Any]:
        return document(await operations.health.read_status())

    @router.get("/healthz", summary="Answer 200 while messages pass, 503 while they do not")
    async def get_health() -> JSONResponse:
        found = operations.health.assess()
        if not found.can_send:
            return error_response(found.code, found.message, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"can_send": True, "code": found.code, "message": found.message})

    @router.get("/v1/alarms", summary="List the alarms, newest first", response_model=list[dict[str, Any]])
    async def get_alarms(
        request: Request, cleared: bool = False, before: Before = None, limit: Limit = 50
    ) -> StreamingResponse:
        found = await operations.alarms.list_alarms(cleared=cleared, before=before, limit=limit)
        return list_response(request, found)

    @router.post("/v1/alarms/test", summary="Tell a test by every way by which alarms are told")
    async def post_alarms_test() -> dict[str, Any]:
        return document(await operations.alarms.test())

    @router.post("/v1/release", summary="Release messages held after a restore")
    async def post_release(release: Release) -> dict[str, int]:
        return document(await service.messages.decisions.release(release.message_class, release.authorship))

    return router
