"""The routes of the e-mail addresses of contacts."""

from __future__ import annotations

from pathlib import Path

from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service

ALICE = "+33612345678"


async def test_an_address_is_added_listed_and_removed(tmp_path: Path) -> None:
    """A number in any spelling; the address in small letters, as mails are compared with it."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client = Client(narrow_app(assembled.service))
        added = await client.post("/v1/consent/numbers/0612345678/emails", {"address": "Ana@Example.com"})
        assert (added.status, added.json["number"], added.json["address"]) == (201, ALICE, "ana@example.com")
        assert (await client.get("/v1/consent/emails")).json == [added.json]
        assert (await client.get("/v1/consent/emails?number=0612345678")).json == [added.json]
        assert (await client.get("/v1/consent/emails?number=0698765432")).json == []
        removal = f"/v1/consent/numbers/{ALICE}/emails/remove"
        assert (await client.post(removal, {"address": "ANA@example.com"})).json == added.json
        assert (await client.post(removal, {"address": "ana@example.com"})).code == "not_found"


async def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    """So is what is no number."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client = Client(narrow_app(assembled.service))
        for address in ("", "ana", "Ana <ana@example.com>", "a@b@c", "x" * 300 + "@example.com"):
            given = {"address": address}
            assert (await client.post(f"/v1/consent/numbers/{ALICE}/emails", given)).code == "bad_address"
        given = {"address": "ana@example.com"}
        assert (await client.post("/v1/consent/numbers/!/emails", given)).code == "bad_number"
        assert (await client.get("/v1/consent/emails?number=!")).code == "bad_number"
