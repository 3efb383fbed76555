"""Routes of the e-mail addresses of contacts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from modemd.api.documents import document
from modemd.api.lists import list_response
from modemd.api.requests import Body, Limit, Text, new_router
from modemd.service.service import Service


class EmailAddress(Body):
    """Address of a contact."""

    address: Text


def make_router(service: Service) -> APIRouter:
    """Returns the routes of the e-mail addresses of contacts."""
    router, emails = new_router("/v1/consent"), service.consent.emails

    @router.get("/emails", summary="List the e-mail addresses of contacts", response_model=list[dict[str, Any]])
    async def get_emails(request: Request, number: str | None = None, limit: Limit = 50) -> StreamingResponse:
        return list_response(request, await emails.list_emails(number, limit=limit))

    @router.post("/numbers/{number}/emails", status_code=201, summary="Add an e-mail address to a number")
    async def post_email(number: str, given: EmailAddress) -> dict[str, Any]:
        return document(await emails.add(number, given.address))

    @router.post("/numbers/{number}/emails/remove", summary="Remove an e-mail address from a number")
    async def post_remove(number: str, given: EmailAddress) -> dict[str, Any]:
        return document(await emails.remove(number, given.address))

    return router
