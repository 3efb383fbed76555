"""Routes of one number: its thread, and its erasure."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from modemd.api.documents import document, documents
from modemd.api.requests import Decision, Limit, Since, new_router
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the routes of one number."""
    router = new_router("/v1/numbers")

    @router.get("/{number}/thread", summary="Show the messages to and from a number, oldest first")
    async def get_thread(number: str, since: Since = None, limit: Limit = 50) -> list[dict[str, Any]]:
        return documents(await service.contacts.list_thread(number, since=since, limit=limit))

    @router.post("/{number}/erase", summary="Erase a number, its texts and its consent history; its opt-out stays")
    async def post_erase(number: str, decision: Decision) -> dict[str, Any]:
        return document(await service.contacts.erase(number, decision.authorship))

    return router
