"""Routes of requests to confirm an opt-in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from modemd.api.documents import document
from modemd.api.requests import Body, Text
from modemd.api.routes import new_router
from modemd.service.consent.double_opt_in import OptInOrder
from modemd.service.service import Service


class NewRequest(Body):
    """A request to confirm. `list` None: about all marketing; `wording`: what the person was shown."""

    number: str
    list_name: Text | None = Field(default=None, alias="list")
    channel: Text
    evidence: Text
    by: Text
    wording: Text | None = None
    language: Text | None = None
    url: Text | None = None
    ip: Text | None = None
    user_agent: Text | None = None
    contact_id: Text | None = None

    def make_order(self) -> OptInOrder:
        """Returns the order for the service."""
        return OptInOrder(
            self.number,
            self.list_name,
            self.channel,
            evidence=self.evidence,
            actor=self.by,
            shown=self.wording,
            language=self.language,
            url=self.url,
            ip=self.ip,
            user_agent=self.user_agent,
            contact_id=self.contact_id,
        )


def make_router(service: Service) -> APIRouter:
    """Returns the routes of requests to confirm."""
    router = new_router("/v1/consent")

    @router.post("/requests", status_code=202, summary="Ask a number to confirm an opt-in")
    async def post_request(new: NewRequest) -> dict[str, Any]:
        return document(await service.consent.requests.request(new.make_order()))

    return router
