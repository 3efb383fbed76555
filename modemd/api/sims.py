"""Routes of SIMs, of pauses, and of the policies of countries."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from modemd.api.documents import document, documents
from modemd.api.requests import Decision, Text
from modemd.api.routes import new_router
from modemd.service.service import Service

Country = Annotated[Text | None, Query(description="only of this country (two letters), and those of no country")]


class Pausing(Decision):
    """Subject of a pause: a class, a SIM by its ICCID, a class on a SIM; without both, everything."""

    message_class: Text | None = Field(default=None, alias="class")
    sim: Text | None = None


def make_router(service: Service) -> APIRouter:
    """Returns the routes of SIMs, pauses and policies."""
    router, sims = new_router("/v1"), service.sims

    @router.get("/sims", summary="List the SIMs, with quotas and pauses")
    async def get_sims() -> list[dict[str, Any]]:
        return documents(await sims.list_sims())

    @router.post("/sims/{iccid}/admit", summary="Admit a new SIM")
    async def post_admit(iccid: str) -> dict[str, Any]:
        return document(await sims.admit(iccid))

    @router.get("/policies", summary="List what is to be known about sending in each country, with sources")
    async def get_policies(country: Country = None) -> list[dict[str, Any]]:
        return documents(sims.list_policies(country))

    @router.get("/pauses", summary="List the pauses: since when, by whom and why")
    async def get_pauses() -> list[dict[str, Any]]:
        return documents(await sims.list_pauses())

    @router.post("/pause", summary="Pause sending: a class, a SIM, or everything")
    async def post_pause(what: Pausing) -> list[dict[str, Any]]:
        return documents(await sims.pause(what.message_class, what.sim, what.authorship))

    @router.post("/resume", summary="End a pause")
    async def post_resume(what: Pausing) -> list[dict[str, Any]]:
        return documents(await sims.resume(what.message_class, what.sim, what.authorship))

    return router
