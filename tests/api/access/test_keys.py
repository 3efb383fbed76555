"""Routes of keys: nobody hands out more than the own rights."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.service.keys.keys import IssuedKey, KeyRequest
from tests.api.access.test_doorkeeper import Visit
from tests.service.assembled import AssembledService, assembled_service

ONE, OTHER = "8933010000000000010", "8933010000000000028"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


async def make_limited(assembled: AssembledService) -> IssuedKey:
    """A key that sends by one SIM, and expires in an hour."""
    end = assembled.clock.now() + timedelta(hours=1)
    scopes = ("keys:write", "messages:write")
    return await assembled.service.keys.create(KeyRequest("limited", scopes, (ONE,), expires_at=end))


@pytest.mark.parametrize(
    ("wish", "lacks"),
    [
        pytest.param({"scopes": ["all"]}, "the scope all", id="all"),
        pytest.param({"scopes": ["messages:write", "inbox:read"]}, "the scope inbox:read", id="another scope"),
        pytest.param({"lines": []}, ONE, id="any SIM"),
        pytest.param({"lines": [ONE, OTHER]}, ONE, id="another SIM"),
        pytest.param({"expires_at": None}, "it expires at", id="without an end"),
        pytest.param({"hours": 2}, "it expires at", id="a later end"),
        pytest.param({}, None, id="the same"),
    ],
)
async def test_a_key_makes_and_rotates_only_keys_within_its_rights(
    assembled: AssembledService, wish: dict[str, Any], lacks: str | None
) -> None:
    """What is refused says what is missing; the Unix socket makes the same key, whose secrets the other does not get either."""
    keys, visit, limited = assembled.service.keys, Visit(assembled), await make_limited(assembled)
    end = assembled.clock.now() + timedelta(hours=wish.pop("hours", 1))
    new = {"name": "new", "scopes": ["messages:write"], "lines": [ONE], "expires_at": end.isoformat()} | wish
    made = (await visit("POST", "/v1/keys", f"Bearer {limited.key}", new)).response
    if lacks is None:
        assert made.status == 201
        id = json.loads(made.body)["id"]
    else:
        assert (made.status, json.loads(made.body)["code"]) == (403, "forbidden")
        assert lacks in json.loads(made.body)["detail"]
        expires_at = end if new["expires_at"] is not None else None
        wanted = KeyRequest("new", tuple(new["scopes"]), tuple(new["lines"]), expires_at=expires_at)
        id = (await keys.create(wanted)).row.id
    rotated = (await visit("POST", f"/v1/keys/{id}/rotate", f"Bearer {limited.key}", {})).response
    assert rotated.status == (200 if lacks is None else 403)


async def test_the_overlap_is_a_number(assembled: AssembledService) -> None:
    """And true is none."""
    key = await assembled.service.keys.create(KeyRequest("all", ("all",)))
    visit = Visit(assembled)
    for overlap, status in ((True, 422), ("5", 422), (5, 200)):
        asked = await visit("POST", f"/v1/keys/{key.row.id}/rotate", f"Bearer {key.key}", {"overlap_s": overlap})
        assert asked.response.status == status


async def test_the_audit_log_has_no_account(assembled: AssembledService) -> None:
    """It is half of a login."""
    key, visit = await assembled.service.keys.create(KeyRequest("all", ("all",))), Visit(assembled)
    scope = {"type": "http", "method": "POST", "path_params": {"account": key.row.account_sid, "sid": "SM1"}}
    route = type("Route", (), {"path": "/2010-04-01/Accounts/{account}/Messages/{sid}.json"})
    visit._door._app._note(scope | {"route": route, "headers": []}, 200)  # type: ignore[attr-defined]
    await asyncio.sleep(0)  # what is audited in one turn of the loop
    await assembled.store.write(lambda db: None)  # goes with this commit
    noted = await visit("GET", "/v1/audit", f"Bearer {key.key}")
    assert json.loads(noted.response.body)[0]["route"] == "/2010-04-01/Accounts/{account}/Messages/SM1.json"
