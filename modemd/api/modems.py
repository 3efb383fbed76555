"""Routes of modems, their USSD, wire log and drivers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from modemd.api.documents import document, documents
from modemd.api.requests import Body, PathId, Text
from modemd.api.routes import new_router
from modemd.service.modems.ussd import ANSWER_S, LONGEST_ANSWER_S
from modemd.service.service import Service


class Ussd(Body):
    """A code to say to the network, or with a `session` a reply."""

    text: Text
    session: int | None = None
    timeout_s: Annotated[float, Field(ge=1, le=LONGEST_ANSWER_S)] = ANSWER_S


def make_router(service: Service) -> APIRouter:
    """Returns the routes of modems."""
    router, rooms = new_router("/v1"), service.modems

    @router.get("/drivers", summary="List the drivers that the daemon has read")
    async def get_drivers() -> list[dict[str, Any]]:
        return documents(rooms.drivers.list_drivers())

    @router.get("/drivers/{name}", summary="Show the complete driver of a family, in TOML")
    async def get_driver(name: str) -> dict[str, Any]:
        return document(rooms.drivers.describe(name))

    @router.get("/modems", summary="List the modems and their health")
    async def get_modems() -> list[dict[str, Any]]:
        return documents(rooms.views.list_modems())

    @router.post("/modems/{name}/forget", summary="Expect a modem no more that was found and is gone")
    async def post_forget(name: str) -> dict[str, Any]:
        await rooms.discovery.forget(name)
        return {"name": name, "state": "forgotten"}

    @router.get("/modems/{name}/wire", summary="Show the last lines between host and modem, masked")
    async def get_wire(name: str) -> list[dict[str, Any]]:
        return documents(rooms.views.list_wire_lines(name))

    @router.post("/modems/{name}/ussd", summary="Send a USSD code, or a reply within its session")
    async def post_ussd(name: str, ussd: Ussd) -> dict[str, Any]:
        return document(await rooms.ussd.send(name, ussd.text, session=ussd.session, answer_s=ussd.timeout_s))

    @router.post("/modems/{name}/ussd/{session}/end", summary="End a USSD session that waits for a reply")
    async def post_ussd_end(name: str, session: PathId) -> dict[str, Any]:
        await rooms.ussd.end(name, session)
        return {"state": "ended"}

    return router
