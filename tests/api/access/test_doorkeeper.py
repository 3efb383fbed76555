"""The second door: who comes in, and what is noted."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.api.access.doorkeeper import AuditedDoor, KeyedDoor
from modemd.api.app import create_app
from modemd.api.in_process import InProcessRequest
from modemd.service.keys.keys import IssuedKey, KeyRequest
from tests.api.client import narrow_app
from tests.service.assembled import AssembledService, all_rows, assembled_service

HELLO = {"to": "+33612345678", "text": "hello"}


class Visit:
    """Requests from outside."""

    def __init__(self, assembled: AssembledService, proxies: tuple[str, ...] = ()) -> None:
        service = assembled.service
        networks = [ipaddress.ip_network(each) for each in proxies]
        self._door = KeyedDoor(AuditedDoor(narrow_app(service), service.keys), service.keys, networks)

    async def __call__(
        self,
        method: str,
        target: str,
        authorization: str | None,
        document: Any = None,
        peer: str = "10.0.0.9",
        via: str = "",
    ) -> InProcessRequest:
        body = json.dumps(document).encode() if document is not None else b""
        exchange = InProcessRequest(method, target, body, "application/json")
        exchange._scope["client"] = (peer, 4711)
        if authorization is not None:
            exchange._scope["headers"].append((b"authorization", authorization.encode()))
        if via:
            exchange._scope["headers"].append((b"x-forwarded-for", via.encode()))
        await exchange.run(self._door)
        return exchange


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


@pytest.fixture
def visit(assembled: AssembledService) -> Visit:
    return Visit(assembled)


async def make_key(assembled: AssembledService, *scopes: str, **more: Any) -> IssuedKey:
    return await assembled.service.keys.create(KeyRequest("-".join(scopes), scopes, **more))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_no_route_opens_without_the_right_key(visit: Visit, assembled: AssembledService) -> None:
    """Each route of the OpenAPI document, without a key, with a wrong one, one that was revoked, one that has expired, and one
    for something else: the answer is the same wherever it is asked, and tells nothing."""
    keys = assembled.service.keys
    revoked, other = await make_key(assembled, "all"), await make_key(assembled, "alerts:write")
    await keys.revoke(revoked.row.id)
    expired = await keys.create(
        KeyRequest("expired", ("all",), expires_at=assembled.clock.now() + timedelta(seconds=0.05))
    )
    assembled.clock.moment += timedelta(seconds=1)
    refusals = set()
    for path, methods in create_app(assembled.service).openapi()["paths"].items():
        for method in methods:
            ended = (f"Bearer {revoked.key}", f"Bearer {expired.key}")
            for given in (None, "Bearer mk_wrong", *ended, "Negotiate x", basic("a", "b")):
                refused = (await visit(method.upper(), path, given, peer=f"{path} {given}")).response
                assert refused.status == 401
                assert refused.headers["www-authenticate"]
                refusals.add(refused.body)
            refused = (await visit(method.upper(), path, f"Bearer {other.key}")).response
            assert (refused.status, json.loads(refused.body)["code"]) == (403, "forbidden")
    assert len(refusals) == 1


async def test_a_key_with_the_scope_comes_in(visit: Visit, assembled: AssembledService) -> None:
    """By Bearer, by Basic, by account and token; a right to write is none to read."""
    key = await make_key(assembled, "messages:write")
    assert key.auth_token is not None
    for given in (
        f"Bearer {key.key}",
        f"bearer {key.key}",
        basic("x", key.key),
        basic(key.row.account_sid, key.auth_token),
    ):
        assert (await visit("POST", "/v1/messages", given, HELLO)).response.status == 202
    assert (await visit("GET", "/v1/messages", f"Bearer {key.key}")).response.status == 403
    assert (await visit("GET", "/v1/nothing", f"Bearer {key.key}")).response.status == 403


async def test_a_twilio_path_is_refused_in_twilios_shape(visit: Visit) -> None:
    """A body with `type` and `title` would raise another error in Twilio's library."""
    refused = (await visit("GET", "/2010-04-01/Accounts/AC1.json", None)).response
    assert (refused.status, json.loads(refused.body)["code"]) == (401, 20003)
    assert set(json.loads(refused.body)) == {"code", "message", "more_info", "status"}


async def test_changes_are_noted_without_numbers_of_people(visit: Visit, assembled: AssembledService) -> None:
    """Who, what, from where; what was refused, and what was only read, is none."""
    key = await make_key(assembled, "all")
    given = f"Bearer {key.key}"
    for method, target, document in (
        ("POST", "/v1/messages", HELLO),
        ("POST", "/v1/messages/1/cancel", {"by": "ann", "why": "a test"}),
        ("POST", "/v1/messages/99/cancel", {"by": "ann", "why": "a test"}),
        ("POST", "/v1/numbers/+33612345678/erase", {"by": "ann", "why": "a test"}),
        ("GET", "/v1/messages", None),
    ):
        await visit(method, target, given, document)
    await asyncio.sleep(0)  # what is audited in one turn of the loop
    await assembled.store.write(lambda db: None)  # goes with this commit
    noted = json.loads((await visit("GET", "/v1/audit", given)).response.body)
    assert [(each["name"], each["address"], each["method"], each["route"], each["status"]) for each in noted] == [
        ("all", "10.0.0.9", "POST", "/v1/numbers/{number}/erase", 200),
        ("all", "10.0.0.9", "POST", "/v1/messages/1/cancel", 200),
        ("all", "10.0.0.9", "POST", "/v1/messages", 202),
    ]


@pytest.mark.parametrize(
    ("proxies", "peer", "via", "address"),
    [
        ((), "10.0.0.9", "1.2.3.4", "10.0.0.9"),
        (("10.0.0.0/24",), "10.0.0.9", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        (("10.0.0.0/24",), "10.0.1.9", "1.2.3.4", "10.0.1.9"),
        (("10.0.0.0/24",), "10.0.0.9", "nonsense", "10.0.0.9"),
        (("10.0.0.0/24",), "10.0.0.9", "", "10.0.0.9"),
    ],
)
async def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    assembled: AssembledService, proxies: tuple[str, ...], peer: str, via: str, address: str
) -> None:
    """Of what it says, the last entry is its own."""
    key = await make_key(assembled, "all")
    await Visit(assembled, proxies)("POST", "/v1/messages", f"Bearer {key.key}", HELLO, peer, via)
    await asyncio.sleep(0)  # what is audited in one turn of the loop
    await assembled.store.write(lambda db: None)  # goes with this commit
    assert [each.address for each in await all_rows(await assembled.service.keys.list_changes(None, 0))] == [address]


async def test_rate_and_budget_are_kept(visit: Visit, assembled: AssembledService) -> None:
    """Each has its code, and says when to come again."""
    key = await make_key(assembled, "messages:write", per_minute=3, per_day=1)
    answers = [(await visit("POST", "/v1/messages", f"Bearer {key.key}", HELLO)).response for _ in range(4)]
    assert [each.status for each in answers] == [202, 429, 429, 429]
    assert [json.loads(each.body)["code"] for each in answers[1:]] == ["budget_spent", "budget_spent", "rate_limited"]
    assert [int(each.headers["retry-after"]) for each in answers[1:3]] == [until_midnight_s(assembled)] * 2
    assert 0 < int(answers[3].headers["retry-after"]) <= 60
    key = await make_key(assembled, "messages:write", "messages:read", per_day=1)
    many = HELLO | {"to": ["+33612345678", "+33612345679"]}
    too_many = (await visit("POST", "/v1/messages", f"Bearer {key.key}", many)).response
    assert "retry-after" not in too_many.headers  # it would not be accepted on any day


def until_midnight_s(assembled: AssembledService) -> int:
    now = assembled.clock.now()
    return 86401 - (now.hour * 60 + now.minute) * 60 - now.second


@pytest.mark.parametrize(("key", "status"), [("", 422), ("k" * 200, 202), ("k" * 201, 422)])
async def test_the_length_of_an_idempotency_key_is_its_own(
    visit: Visit, assembled: AssembledService, key: str, status: int
) -> None:
    """The space of the API key does not count."""
    api_key = await make_key(assembled, "all")
    asked = await visit("POST", "/v1/messages", f"Bearer {api_key.key}", HELLO | {"key": key})
    assert asked.response.status == status


async def test_each_key_has_its_own_idempotency_keys(visit: Visit, assembled: AssembledService) -> None:
    """The same key of two programs makes two messages, and each is answered with its own."""
    one, other = await make_key(assembled, "all"), await make_key(assembled, "messages:write")
    bodies = [
        json.loads((await visit("POST", "/v1/messages", f"Bearer {each.key}", HELLO | {"key": "k"})).response.body)
        for each in (one, other, one)
    ]
    assert [(body["id"], body["key"], body["again"]) for body in bodies] == [
        (1, "k", False),
        (2, "k", False),
        (1, "k", True),
    ]
    reused = (await visit("POST", "/v1/messages", f"Bearer {one.key}", HELLO | {"key": "k", "text": "other"})).response
    assert json.loads(reused.body)["detail"].startswith("idempotency key 'k' belongs to message 1")


@pytest.mark.parametrize("is_revoked", [True, False])
async def test_a_stream_ends_with_its_key(
    visit: Visit, assembled: AssembledService, monkeypatch: pytest.MonkeyPatch, is_revoked: bool
) -> None:
    """Within a heartbeat after it was revoked or has expired."""
    monkeypatch.setattr("modemd.service.changes.feed.KEEP_ALIVE_S", 0.2)
    monkeypatch.setattr(type(assembled.service), "is_running", True)
    end = assembled.clock.now() + timedelta(hours=1)
    key = await make_key(assembled, "events:read", expires_at=end)
    stream = asyncio.ensure_future(visit("GET", "/v1/events", f"Bearer {key.key}"))
    await asyncio.sleep(0.6)
    assert not stream.done()
    if is_revoked:
        await assembled.service.keys.revoke(key.row.id)
    else:
        assembled.clock.passes(hours=2)
    assert (await asyncio.wait_for(stream, 2)).response.status == 200


async def test_a_line_binds_schedules_and_what_is_resent(visit: Visit, assembled: AssembledService) -> None:
    """The new message and the schedule are for the SIM of the key; what was for another SIM is not resent."""
    line, other = "8933010000000000010", "8933010000000000028"
    key = await make_key(assembled, "messages:write", lines=(line,))
    given, word = f"Bearer {key.key}", {"by": "ann", "why": "a test"}
    new = HELLO | {"name": "daily", "cron": "@daily", "to": [HELLO["to"]]}
    refused = (await visit("POST", "/v1/schedules", given, new | {"sim": other})).response
    assert (refused.status, json.loads(refused.body)["code"]) == (403, "forbidden")
    assert (await visit("POST", "/v1/schedules", given, new)).response.status == 201
    whole = f"Bearer {(await make_key(assembled, 'all')).key}"
    for sim in (None, other):
        sent = json.loads((await visit("POST", "/v1/messages", whole, HELLO | {"sim": sim})).response.body)
        await visit("POST", f"/v1/messages/{sent['id']}/cancel", whole, word)
        again = (await visit("POST", f"/v1/messages/{sent['id']}/resend", given, word)).response
        assert again.status == (202 if sim is None else 403)
    stored = await assembled.store.read(
        lambda db: [
            tuple(db.execute("SELECT pinned, api_key FROM schedule").fetchone()),
            tuple(db.execute("SELECT pinned FROM message WHERE key LIKE 'resend:%'").fetchone()),
        ]
    )
    assert stored == [(line, key.row.id), (line,)]


async def test_a_line_binds_messages_and_batches(visit: Visit, assembled: AssembledService) -> None:
    """A key for one SIM sends by no other."""
    key = await make_key(assembled, "messages:write", lines=("8933010000000000010",))
    sent = json.loads((await visit("POST", "/v1/messages", f"Bearer {key.key}", HELLO)).response.body)
    assert sent["state"] == "queued"
    refused = await visit("POST", "/v1/messages", f"Bearer {key.key}", HELLO | {"sim": "8933010000000000028"})
    assert (refused.response.status, json.loads(refused.response.body)["code"]) == (403, "forbidden")
