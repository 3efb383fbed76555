"""The routes of webhooks."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from modemd.api.access.callers import note_caller
from modemd.api.app import create_app
from modemd.rules.access.callers import Caller
from modemd.service.keys.keys import DEFAULT_PER_MINUTE, KeyRequest
from modemd.store.changes.feed import Cursor
from modemd.store.webhooks import callbacks, deliveries
from modemd.store.webhooks.deliveries import NewDelivery
from tests.api.client import Client, narrow_app
from tests.service.assembled import AssembledService, assembled_service

CRM = "https://crm.example.com/sms"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR") as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


async def test_a_webhook_is_added_listed_rotated_and_removed(client: Client) -> None:
    """Its secret is in the answers that make one, and in no other."""
    added = await client.post("/v1/webhooks", {"url": CRM, "events": ["message.*"]})
    assert added.status == 201
    assert list(added.json) == [
        "id", "url", "events", "format", "key_id", "created_at", "previous_until", "waiting", "dead", "secret", "warnings",
    ]  # fmt: skip
    (listed,) = (await client.get("/v1/webhooks")).json
    assert {**listed, "secret": added.json["secret"], "warnings": []} == added.json
    assert "secret" not in listed
    rotated = (await client.post("/v1/webhooks/1/rotate", {})).json
    assert rotated["secret"] != added.json["secret"]
    assert rotated["previous_until"] > rotated["created_at"]
    assert (await client.post("/v1/webhooks/1/remove", {})).json["url"] == CRM
    assert (await client.get("/v1/webhooks")).json == []
    for decision in ("remove", "rotate"):
        assert (await client.post(f"/v1/webhooks/1/{decision}", {})).code == "not_found"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "crm"}, "bad_url"),
        ({"url": "http://127.0.0.1/"}, "bad_url"),
        ({"url": CRM, "events": ["sms"]}, "bad_kind"),
        ({"url": CRM, "format": "xml"}, "bad_format"),
        ({"url": CRM, "format": "twilio"}, "bad_format"),
        ({"url": CRM, "secret": "mine"}, "bad_request"),
        ({}, "bad_request"),
    ],
)
async def test_what_is_wrong_is_refused(client: Client, given: dict[str, object], code: str) -> None:
    """With its code."""
    assert (await client.post("/v1/webhooks", given)).code == code


async def test_deliveries_are_listed_and_replayed(client: Client, assembled: AssembledService) -> None:
    """Newest first, and narrowed."""
    for _ in range(2):
        await client.post("/v1/webhooks", {"url": CRM})
    now = assembled.clock.now()
    new = [NewDelivery(f"webhook:{each}", "message:1", "e1-1", "message.sent", webhook=each) for each in (1, 2, 1)]
    await assembled.store.write(lambda db: deliveries.add(db, new, Cursor(), now))
    await assembled.store.write(lambda db: deliveries.bury(db, 1, "a test", now))

    async def ids(query: str) -> list[int]:
        return [row["id"] for row in (await client.get(f"/v1/webhooks/deliveries{query}")).json]

    assert await ids("") == [3, 2, 1]
    assert await ids("?webhook=1") == [3, 1]
    assert await ids("?dead=true") == [1]
    assert await ids("?before=3&limit=1") == [2]
    cut = await client.get("/v1/webhooks/deliveries?limit=2")
    assert cut.headers["x-total-count"] == "3"
    assert [(row["waiting"], row["dead"]) for row in (await client.get("/v1/webhooks")).json] == [(1, 1), (1, 0)]
    assert (await client.post("/v1/webhooks/replay", {"webhook": 2})).json == {"deliveries": 0}
    assert (await client.post("/v1/webhooks/replay", {})).json == {"deliveries": 1}
    assert (await client.post("/v1/webhooks/replay", {"delivery": 1})).code == "not_found"
    assert await ids("?dead=true") == []


async def test_a_key_has_its_own_webhooks(client: Client, assembled: AssembledService) -> None:
    """What belongs to another key is not there for it: neither listed, nor changed, nor sent again. A key with all scopes has
    all."""
    app = create_app(assembled.service)
    for key in (1, 2):
        wish = KeyRequest(f"shop{key}", ("webhooks:write",), (), DEFAULT_PER_MINUTE, None, None)
        await assembled.service.keys.create(wish)
        await client.post("/v1/webhooks", {"url": CRM, "key": key})
    await client.post("/v1/webhooks", {"url": CRM})
    now = assembled.clock.now()
    new = [NewDelivery(f"webhook:{each}", "message:1", "e1-1", "message.sent", webhook=each) for each in (1, 2, 3)]
    new += [
        NewDelivery("https://crm.example.com", "message:1", "e1-1", "message.sent", callback=each) for each in (1, 2)
    ]

    def prepare(db: sqlite3.Connection) -> None:
        deliveries.add(db, new, Cursor(), now)
        for id in range(1, 6):
            deliveries.bury(db, id, "a test", now)
        for key in (1, 2):
            callbacks.add_callback(db, key, CRM, "POST", key)

    await assembled.store.write(prepare)

    def of(key: int, *scopes: str) -> Client:
        async def keyed(scope: Scope, receive: Receive, send: Send) -> None:
            note_caller(scope, Caller(key, "shop", frozenset(scopes)))
            await app(scope, receive, send)

        return Client(keyed)

    own, all_scopes = of(1, "webhooks:read", "webhooks:write"), of(1, "all")
    for asker, ids, delivered in ((own, [1], [4, 1]), (all_scopes, [1, 2, 3], [5, 4, 3, 2, 1])):
        assert [row["id"] for row in (await asker.get("/v1/webhooks")).json] == ids
        assert [row["id"] for row in (await asker.get("/v1/webhooks/deliveries")).json] == delivered
    assert (await own.get("/v1/webhooks/deliveries?webhook=2")).json == []
    for id in (2, 3):
        for decision in ("remove", "rotate"):
            assert (await own.post(f"/v1/webhooks/{id}/{decision}", {})).code == "not_found"
        assert (await own.post("/v1/webhooks/replay", {"delivery": id})).code == "not_found"
    assert (await own.post("/v1/webhooks/replay", {})).json == {"deliveries": 2}
    assert (await own.post("/v1/webhooks/1/rotate", {})).status == 200
    assert (await own.post("/v1/webhooks/1/remove", {})).status == 200
    assert [row["id"] for row in (await client.get("/v1/webhooks")).json] == [2, 3]
