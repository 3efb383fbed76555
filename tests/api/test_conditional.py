"""Conditional requests: what has not changed is not sent again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.api import conditional
from modemd.api.access.callers import note_caller
from modemd.api.app import create_app
from modemd.api.in_process import InProcessRequest
from modemd.rules.access.callers import Caller
from modemd.service import pages
from tests.api.client import Client, narrow_app
from tests.service.assembled import AssembledService, assembled_service


async def get(assembled: AssembledService, target: str, tag: str | None = None) -> tuple[int, str | None, bytes]:
    app = create_app(assembled.service)
    exchange = InProcessRequest("GET", target, b"", "application/json")
    if tag is not None:
        exchange._scope["headers"].append((b"if-none-match", f'"other", {tag}'.encode()))
    await exchange.run(app)
    response = exchange.response
    return response.status, response.headers.get("etag"), response.body


async def test_a_list_is_sent_again_only_after_a_change(tmp_path: Path) -> None:
    """The tag is of one process: after a restart, it is another."""
    async with assembled_service(tmp_path) as assembled:
        app = create_app(assembled.service)

        async def ask(tag: str | None) -> tuple[int, str | None]:
            exchange = InProcessRequest("GET", "/v1/inbox", b"", "application/json")
            if tag is not None:
                exchange._scope["headers"].append((b"if-none-match", tag.encode()))
            await exchange.run(app)
            return exchange.response.status, exchange.response.headers.get("etag")

        status, tag = await ask(None)
        assert (status, tag is not None) == (200, True)
        assert await ask(f'"x", {tag}') == (304, tag)
        await assembled.stop_word("+33612345678")
        status, newer = await ask(tag)
        assert (status, newer != tag) == (200, True)
        assert (await get(assembled, "/v1/inbox", newer))[0] == 200  # another process


async def test_what_is_not_stored_has_a_tag_of_its_content(tmp_path: Path) -> None:
    """Why a message waits changes without the database. An error is no list, and neither is what follows the events."""
    async with assembled_service(tmp_path) as assembled:
        for target in ("/v1/messages", "/v1/status", "/v1/modems", "/v1/sims", "/v1/pauses", "/v1/schedules"):
            status, tag, body = await get(assembled, target)
            assert (status, tag is not None, bool(body)) == (200, True, True)
            # Of another process as well: it is the content that counts.
            assert await get(assembled, target, tag) == (304, tag, b"")
        _, tag, _ = await get(assembled, "/v1/messages")
        await Client(narrow_app(assembled.service)).post("/v1/messages", {"to": "+33612345678", "text": "x"})
        assert (await get(assembled, "/v1/messages", tag))[0] == 200
        for target in ("/v1/inbox?since=nonsense", "/v1/messages/9", "/v1/events?follow=false", "/healthz"):
            assert (await get(assembled, target))[1] is None


async def test_a_long_answer_is_not_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes whole, without a tag."""
    async with assembled_service(tmp_path) as assembled:
        monkeypatch.setattr(conditional, "MOST_HELD", 100)
        monkeypatch.setattr(pages, "ROWS_PER_PAGE", 2)
        client = Client(narrow_app(assembled.service))
        for number in range(5):
            await client.post("/v1/messages", {"to": "+33612345678", "text": str(number)})
        status, tag, body = await get(assembled, "/v1/messages?limit=0")
        assert (status, tag, [row["text"] for row in json.loads(body)]) == (200, None, ["4", "3", "2", "1", "0"])
        # What comes in one piece is not held back anyway.
        assert (await get(assembled, "/v1/policies"))[1] is not None


async def test_each_key_has_its_own_tag(tmp_path: Path) -> None:
    """Whoever changes the key asks for another list, though nothing has changed."""
    async with assembled_service(tmp_path) as assembled:
        app, tags = create_app(assembled.service), set()
        for key in (1, 2):
            exchange = InProcessRequest("GET", "/v1/webhooks", b"", "application/json")
            note_caller(exchange._scope, Caller(key, "shop", frozenset({"webhooks:read"})))
            await exchange.run(app)
            tags.add(exchange.response.headers["etag"])
        assert len(tags) == 2
