"""The short way to the function of a route: its answers are those of the way through FastAPI."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service

ALICE = "+33612345678"
# A content type with a parameter goes the long way.
SHORT, LONG = "application/json", "application/json; charset=utf-8"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with assembled_service(tmp_path) as assembled:
        yield Client(narrow_app(assembled.service))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"to": ALICE, "text": "hello", "valid": "2h"}).encode(),
        json.dumps({"to": [ALICE, ALICE], "text": "hello"}).encode(),
        json.dumps({"to": ALICE, "text": "\ud83d"}).encode(),
        json.dumps({"to": ALICE, "text": "hello", "txet": 1}).encode(),
        json.dumps({"to": ALICE}).encode(),
        json.dumps({"to": ALICE, "text": 5}).encode(),
        json.dumps({"to": ALICE, "text": "hello", "report": "yes"}).encode(),
        json.dumps([1]).encode(),
        b'{"to": "+33612345678", "text": "a", "text": "b"}',
        b'{"to": "+33612345678", "text": NaN}',
        b'{"to": "+33612345678"',
        b'{"to": "+33612345678", "text": "\xff"}',
        b"[" * 100_000,
        b"",
    ],
)
async def test_both_ways_answer_alike(client: Client, body: bytes) -> None:
    """What is accepted, and each kind of mistake, told with the same words."""
    long, short = [await client.call("POST", "/v1/messages", body, kind) for kind in (LONG, SHORT)]
    assert short.status == long.status
    told = []
    for answer in (long.json, short.json):
        each = answer if isinstance(answer, list) else [answer]
        told.append([{name: value for name, value in one.items() if name != "id"} for one in each])
    assert told[0] == told[1]
