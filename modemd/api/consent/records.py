"""Routes of consent records."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from modemd.api.documents import document
from modemd.api.routes import new_router
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the routes of consent records."""
    router = new_router("/v1/consent/numbers")

    @router.get("/{number}", summary="Show where a number stands, and why")
    async def get_consent(number: str) -> dict[str, Any]:
        return document(await service.consent.records.show(number))

    return router
