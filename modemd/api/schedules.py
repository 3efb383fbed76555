"""Routes of recurring sends."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from modemd.api.access.callers import get_caller
from modemd.api.documents import document
from modemd.api.lists import list_response
from modemd.api.requests import After, Body, Decision, Limit, Text
from modemd.api.routes import new_router
from modemd.rules.access.callers import Caller, choose_line
from modemd.rules.classes import MessageClass
from modemd.service.calendar.recurring import ScheduleRequest
from modemd.service.messages.submission import MessageRequest
from modemd.service.service import Service


class NewSchedule(Body):
    """A recurring send; what each of its messages is made of means what it means in a single one."""

    name: Text
    cron: Text
    to: list[Text]
    text: Text
    message_class: Text = Field(default=MessageClass.TRANSACTIONAL, alias="class")
    report: bool | None = None
    short_code: bool = False
    valid: Text | None = None
    window: Text | None = None
    list_name: Text | None = Field(default=None, alias="list")
    answers: list[Text] = Field(default=[], max_length=100)
    sim: Text | None = None
    late: bool = False

    def make_request(self, caller: Caller) -> ScheduleRequest:
        """Returns the request of a caller. Raises Refused (`forbidden`)."""
        request = MessageRequest(
            "", self.text, self.message_class, report=self.report, short_code=self.short_code, valid=self.valid,
            window=self.window, sim=choose_line(caller, self.sim),
            list_name=self.list_name, answers=tuple(self.answers),
        )  # fmt: skip
        return ScheduleRequest(self.name, self.cron, tuple(self.to), request, self.late, caller.key)


def make_router(service: Service) -> APIRouter:
    """Returns the routes of recurring sends."""
    router, calendar = new_router("/v1/schedules"), service.calendar

    @router.get("", summary="List the recurring sends, by name", response_model=list[dict[str, Any]])
    async def get_schedules(request: Request, after: After = None, limit: Limit = 50) -> StreamingResponse:
        found = await calendar.list_schedules(after=after or "", limit=limit)
        return list_response(request, found, lambda row: {"after": row["name"]})

    @router.post("", status_code=201, summary="Add a recurring send")
    async def post_schedule(request: Request, new: NewSchedule) -> dict[str, Any]:
        return document(await calendar.add(new.make_request(get_caller(request))))

    @router.get("/{name}", summary="Show a recurring send and its last runs")
    async def get_schedule(name: str) -> dict[str, Any]:
        return document(await calendar.describe(name))

    @router.post("/{name}/pause", summary="Pause a recurring send")
    async def post_pause(name: str, decision: Decision) -> dict[str, Any]:
        return document(await calendar.pause(name, decision.authorship))

    @router.post("/{name}/resume", summary="Resume a recurring send")
    async def post_resume(name: str, decision: Decision) -> dict[str, Any]:
        return document(await calendar.resume(name, decision.authorship))

    @router.post("/{name}/remove", summary="Remove a recurring send")
    async def post_remove(name: str, decision: Decision) -> dict[str, Any]:
        return document(await calendar.remove(name, decision.authorship))

    return router
