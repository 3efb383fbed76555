"""The routes of recurring sends, alarms, and what a restoring holds."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from modemd.api.requests import Decision, Limit, Text
from modemd.api.status import Release
from modemd.rules.classes import MessageClass
from modemd.service.calendar.recurring import ScheduleRequest
from modemd.service.messages.submission import MessageRequest
from modemd.service.service import Service


class NewSchedule(BaseModel):
    """A recurring send; what each of its messages is made of means what it means in a single one."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: Text
    cron: Text
    to: list[Text]
    text: Text
    message_class: Text = Field(default=MessageClass.TRANSACTIONAL, alias="class")
    report: bool | None = None
    short_code: bool = False
    valid: Text | None = None
    window: Text | None = None
    late: bool = False

    @property
    def schedule_request(self) -> ScheduleRequest:
        request = MessageRequest(
            "", self.text, self.message_class, report=self.report, short_code=self.short_code, valid=self.valid,
            window=self.window,
        )  # fmt: skip
        return ScheduleRequest(self.name, self.cron, tuple(self.to), request, self.late)


def add_routes(app: FastAPI, service: Service) -> None:
    """Put these routes on the application."""
    house = service.house

    @app.get("/v1/schedules", summary="Recurring sends, by name")
    async def get_schedules() -> list[dict[str, Any]]:
        return await house.schedules.list_schedules()

    @app.post("/v1/schedules", status_code=201, summary="Add a recurring send")
    async def post_schedule(new: NewSchedule) -> dict[str, Any]:
        return await house.schedules.add(new.schedule_request)

    @app.get("/v1/schedules/{name}", summary="One recurring send and its last runs")
    async def get_schedule(name: str) -> dict[str, Any]:
        return await house.schedules.describe(name)

    @app.post("/v1/schedules/{name}/pause", summary="Let a recurring send rest")
    async def post_pause(name: str, decision: Decision) -> dict[str, Any]:
        return await house.schedules.pause(name, decision.authorship)

    @app.post("/v1/schedules/{name}/resume", summary="Let a recurring send go on")
    async def post_resume(name: str, decision: Decision) -> dict[str, Any]:
        return await house.schedules.resume(name, decision.authorship)

    @app.post("/v1/schedules/{name}/remove", summary="End a recurring send")
    async def post_remove(name: str, decision: Decision) -> dict[str, Any]:
        return await house.schedules.remove(name, decision.authorship)

    @app.get("/v1/alarms", summary="Alarms, newest first")
    async def get_alarms(cleared: bool = False, limit: Limit = 50) -> list[dict[str, Any]]:
        return await house.listed_alarms(cleared=cleared, limit=limit)

    @app.post("/v1/release", summary="Let go what is held since a restoring")
    async def post_release(release: Release) -> dict[str, int]:
        return await house.release(release.message_class, release.authorship)
