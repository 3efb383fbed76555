"""Routes of the consent ledger: its verification, and the history of one number."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from modemd.api.documents import document
from modemd.api.routes import new_router
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the routes of the ledger."""
    router, rooms = new_router("/v1/consent"), service.consent

    @router.get("/verify", summary="Check every row of the consent ledger; nothing is changed")
    async def get_verify() -> dict[str, Any]:
        return document(await rooms.ledger.verify())

    @router.get("/numbers/{number}/history", summary="Show the whole consent history of a number, with its evidence")
    async def get_history(number: str) -> dict[str, Any]:
        return document(await rooms.histories.read(number))

    return router
