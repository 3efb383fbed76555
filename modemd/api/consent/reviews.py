"""Routes of reviews of what people wrote."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from modemd.api.documents import document
from modemd.api.lists import list_response
from modemd.api.requests import Before, Decision, Limit, PathId
from modemd.api.routes import new_router
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the routes of reviews."""
    router, reviews = new_router("/v1/consent"), service.consent.reviews

    @router.get("/reviews", summary="List the open reviews, newest first", response_model=list[dict[str, Any]])
    async def get_reviews(
        request: Request,
        every: Annotated[bool, Query(alias="all", description="the resolved ones, too")] = False,
        before: Before = None,
        limit: Limit = 50,
    ) -> StreamingResponse:
        return list_response(request, await reviews.list_items(is_every=every, before=before, limit=limit))

    @router.post("/reviews/{id}/opt-out", summary="Decide that a text is an opt-out")
    async def post_opt_out(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await reviews.opt_out(id, decision.authorship))

    @router.post("/reviews/{id}/dismiss", summary="Decide that a text changes nothing")
    async def post_dismiss(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await reviews.dismiss(id, decision.authorship))

    @router.post("/reviews/{id}/undo", summary="Undo the opt-out that a review tells of")
    async def post_undo(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await reviews.undo(id, decision.authorship))

    return router
