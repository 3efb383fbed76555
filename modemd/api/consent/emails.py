"""Routes of the e-mail addresses of contacts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from modemd.api.documents import document
from modemd.api.lists import list_response, make_cursor, read_cursor
from modemd.api.requests import After, Body, Limit, Text
from modemd.api.routes import new_router
from modemd.service.service import Service


class EmailAddress(Body):
    """Address of a contact."""

    address: Text


def make_router(service: Service) -> APIRouter:
    """Returns the routes of the e-mail addresses of contacts."""
    router, emails = new_router("/v1/consent"), service.consent.emails

    @router.get("/emails", summary="List the e-mail addresses of contacts", response_model=list[dict[str, Any]])
    async def get_emails(
        request: Request, number: str | None = None, after: After = None, limit: Limit = 50
    ) -> StreamingResponse:
        place = read_cursor(after, str, str) if after is not None else ("", "")
        found = await emails.list_emails(number, after=place, limit=limit)
        return list_response(request, found, lambda row: {"after": make_cursor(row["address"], row["number"])})

    @router.post("/numbers/{number}/emails", status_code=201, summary="Add an e-mail address to a number")
    async def post_email(number: str, given: EmailAddress) -> dict[str, Any]:
        return document(await emails.add(number, given.address))

    @router.post("/numbers/{number}/emails/remove", summary="Remove an e-mail address from a number")
    async def post_remove(number: str, given: EmailAddress) -> dict[str, Any]:
        return document(await emails.remove(number, given.address))

    return router
