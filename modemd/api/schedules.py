"""Routes of recurring sends."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from modemd.api.documents import document, documents
from modemd.api.requests import Body, Decision, Text, new_router
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

    @property
    def schedule_request(self) -> ScheduleRequest:
        request = MessageRequest(
            "", self.text, self.message_class, report=self.report, short_code=self.short_code, valid=self.valid,
            window=self.window, sim=self.sim,
            list_name=self.list_name, answers=tuple(self.answers),
        )  # fmt: skip
        return ScheduleRequest(self.name, self.cron, tuple(self.to), request, self.late)


def make_router(service: Service) -> APIRouter:
    """Returns the routes of recurring sends."""
    router, calendar = new_router("/v1/schedules"), service.calendar

    @router.get("", summary="List the recurring sends, by name")
    async def get_schedules() -> list[dict[str, Any]]:
        return documents(await calendar.list_schedules())

    @router.post("", status_code=201, summary="Add a recurring send")
    async def post_schedule(new: NewSchedule) -> dict[str, Any]:
        return document(await calendar.add(new.schedule_request))

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
