"""The routes of SIMs, and of what a person pauses."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import ConfigDict, Field

from modemd.api.requests import Decision, Text
from modemd.service.service import Service


class Pausing(Decision):
    """What is paused or resumed: a class, a SIM by its ICCID, a class on a SIM; neither: the queue."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    message_class: Text | None = Field(default=None, alias="class")
    sim: Text | None = None


def add_routes(app: FastAPI, service: Service) -> None:
    """Put these routes on the application."""
    senders = service.senders

    @app.get("/v1/sims", summary="The SIMs, what they have used of their quotas, and whether they are paused")
    async def get_sims() -> list[dict[str, Any]]:
        return await service.sims()

    @app.post("/v1/sims/{iccid}/admit", summary="Let a new SIM be used")
    async def post_admit(iccid: str) -> dict[str, Any]:
        return await service.admit_sim(iccid)

    @app.get("/v1/pauses", summary="What is paused, since when, by whom and why")
    async def get_pauses() -> list[dict[str, Any]]:
        return await senders.list_pauses()

    @app.post("/v1/pause", summary="Begin nothing more of a class, at a SIM, or at all")
    async def post_pause(what: Pausing) -> list[dict[str, Any]]:
        return await senders.pause(what.message_class, what.sim, what.authorship)

    @app.post("/v1/resume", summary="End a pause")
    async def post_resume(what: Pausing) -> list[dict[str, Any]]:
        return await senders.resume(what.message_class, what.sim, what.authorship)
