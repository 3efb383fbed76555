"""The routes of lists of subscribers."""

from __future__ import annotations

from pathlib import Path

from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service


async def test_the_list_must_be_configured(tmp_path: Path) -> None:
    """A list that is there is empty at first; another one is refused with its code."""
    async with assembled_service(tmp_path, consent={"lists": {"promo": {"title": "Offers"}}}) as assembled:
        client = Client(narrow_app(assembled.service))
        assert (await client.get("/v1/consent/lists/promo/subscribers")).json == []
        assert (await client.get("/v1/consent/lists/nobody/subscribers")).code == "unknown_list"
