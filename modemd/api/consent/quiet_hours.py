"""Route of quiet hours."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from modemd.api.documents import document
from modemd.api.requests import Moment
from modemd.api.routes import new_router
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the route of quiet hours."""
    router = new_router()

    @router.get("/v1/quiet-hours", summary="Show when marketing may reach people, by country or for a number")
    async def get_quiet_hours(
        of: Annotated[str | None, Query(description="a country (FR), a region (US-FL) or a number; else all")] = None,
        at: Annotated[Moment | None, Query(description="judge a number at this moment; else now")] = None,
    ) -> dict[str, Any]:
        return document(service.consent.quiet_hours.show(of, at))

    return router
