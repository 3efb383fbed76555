"""Routes of SIMs, and of pauses."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from modemd.api.documents import document, documents
from modemd.api.requests import Decision, Text
from modemd.service.service import Service


class Pausing(Decision):
    """What is paused or resumed: a class, a SIM by its ICCID, a class on a SIM; neither: the queue."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    message_class: Text | None = Field(default=None, alias="class")
    sim: Text | None = None


def make_router(service: Service) -> APIRouter:
    """Returns the routes of SIMs and pauses."""
    router, sims = APIRouter(prefix="/v1"), service.sims

    @router.get("/sims", summary="The SIMs, what they have used of their quotas, and whether they are paused")
    async def get_sims() -> list[dict[str, Any]]:
        return documents(await sims.list_sims())

    @router.post("/sims/{iccid}/admit", summary="Let a new SIM be used")
    async def post_admit(iccid: str) -> dict[str, Any]:
        return document(await sims.admit(iccid))

    @router.get("/pauses", summary="What is paused, since when, by whom and why")
    async def get_pauses() -> list[dict[str, Any]]:
        return documents(await sims.list_pauses())

    @router.post("/pause", summary="Begin nothing more of a class, at a SIM, or at all")
    async def post_pause(what: Pausing) -> list[dict[str, Any]]:
        return documents(await sims.pause(what.message_class, what.sim, what.authorship))

    @router.post("/resume", summary="End a pause")
    async def post_resume(what: Pausing) -> list[dict[str, Any]]:
        return documents(await sims.resume(what.message_class, what.sim, what.authorship))

    return router
