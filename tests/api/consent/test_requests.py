"""The route of requests to confirm."""

from __future__ import annotations

from pathlib import Path

from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service

NEW = {"number": "+33612345678", "list": "promo", "channel": "form", "evidence": "form 17", "by": "anna"}


async def test_a_request_is_accepted_once(tmp_path: Path) -> None:
    """The answer has the message; a list that is not configured is refused."""
    consent = {"lists": {"promo": {"title": "Offers", "frequency": "weekly"}}}
    async with assembled_service(tmp_path, brand="Chez Paul", consent=consent) as assembled:
        client = Client(narrow_app(assembled.service))
        asked = await client.post("/v1/consent/requests", NEW)
        assert (asked.status, asked.json["list"], asked.json["message"]["class"]) == (202, "promo", "system")
        assert (await client.post("/v1/consent/requests", NEW)).code == "already_pending"
        assert (await client.post("/v1/consent/requests", NEW | {"list": "other"})).code == "unknown_list"
