"""The event stream: server-sent events, in this process and on the socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modemd.api.app import create_app
from modemd.http.unix import listening, serving
from tests.api.client import Client, narrow_app
from tests.service.assembled import AssembledService, assembled_service
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

ALICE = "+33612345678"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR") as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


def events(body: bytes) -> list[dict[str, Any]]:
    """The events of a stream: its blocks that have data, with `position` and `name` beside."""
    found = []
    for block in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            found.append(json.loads(fields["data"]) | {"position": fields["id"], "name": fields["event"]})
    return found


async def test_a_stream_has_documents_as_the_lists_have_them(client: Client) -> None:
    """Each event with its stable id, its kind, and the message."""
    sent = await client.post("/v1/messages", {"to": ALICE, "text": "first\nsecond"})
    answer = await client.get("/v1/events?after=0&follow=false")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    (event,) = events(answer.body)
    assert (event["kind"], event["name"]) == ("message.accepted", "message.accepted")
    (listed,) = (await client.get("/v1/messages")).json
    listed.pop("waits")  # what it waits for is found when it is asked for
    assert event["data"] == listed
    assert event["data"]["id"] == sent.json["id"]
    again = await client.get(f"/v1/events?after={event['position']}&follow=false")
    assert events(again.body) == []


async def test_consent_is_told_with_its_number(client: Client, assembled: AssembledService) -> None:
    """And the fields of its history."""
    await assembled.stop_word(ALICE)
    (event,) = events((await client.get("/v1/events?after=0&follow=false&kinds=consent.*")).body)
    assert (event["kind"], event["data"]["number"], event["data"]["word"]) == ("consent.opted_out", ALICE, "stop")


async def test_a_wrong_request_is_an_error_before_the_stream_begins(client: Client) -> None:
    """With its code."""
    assert (await client.get("/v1/events?after=x")).code == "bad_cursor"
    assert (await client.get("/v1/events?kinds=sms.*")).code == "bad_kind"
    assert (await client.get("/v1/events?kind=message.*")).code == "bad_request"


async def test_a_client_goes_on_with_last_event_id(
    assembled: AssembledService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the socket: the header counts before `after`; the stream ends when the service does."""
    monkeypatch.setattr(assembled.service.changes, "_is_running", lambda: True)
    client = Client(app := create_app(assembled.service))
    for text in ("one", "two"):
        await client.post("/v1/messages", {"to": ALICE, "text": text})
    one, _ = events((await client.get("/v1/events?after=0&follow=false")).body)
    with listening(tmp_path / "api.sock") as listener:
        async with serving(app, listener):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "api.sock")
            writer.write(
                b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: "
                + one["position"].encode()
                + b"\r\n\r\n"
            )
            async with asyncio.timeout(10):
                first = await reader.readuntil(b'"text":"two"')
                assert b'"text":"one"' not in first
                await client.post("/v1/messages", {"to": ALICE, "text": "three"})
                await reader.readuntil(b'"text":"three"')
                assembled.service.changes.close()
                assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"0\r\n\r\n")
            writer.close()


async def test_a_client_that_goes_away_gives_its_place_back(
    assembled: AssembledService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, though nothing changes."""
    changes = assembled.service.changes
    monkeypatch.setattr(changes, "_is_running", lambda: True)
    with listening(tmp_path / "api.sock") as listener:
        async with serving(create_app(assembled.service), listener):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "api.sock")
            writer.write(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(10):
                await reader.readuntil(b"nothing new")
                assert len(changes._waiting) == 1
                writer.close()
                while changes._waiting:  # noqa: ASYNC110 - the server tells nobody
                    await asyncio.sleep(0.01)


def test_a_missed_call_is_listed_and_told(run_scenario: RunScenario) -> None:
    """In the inbox with the caller's number, and as an event with the same document, which webhooks get, too."""

    async def scenario(simulation: Simulation) -> None:
        client = Client(narrow_app(simulation.service))
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        simulation.network.phone(ALICE).call(simulation.sims[0].number, for_s=20)
        await asyncio.sleep(30)
        (call,) = (await client.get("/v1/inbox?kind=call")).json
        assert (call["from"], call["to_sim"], call["kind"]) == (ALICE, simulation.sims[0].number, "call")
        (event,) = events((await client.get("/v1/events?after=0&follow=false&kinds=inbox.received")).body)
        assert event["data"] == call
        (turn,) = (await client.get("/v1/numbers/%2B33612345678/thread")).json
        assert (turn["way"], turn["kind"], turn["id"]) == ("in", "call", call["id"])

    run_scenario(scenario, modems=1)
