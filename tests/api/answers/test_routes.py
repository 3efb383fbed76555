"""The table of answers: it has every route, and what the routes answer is what it says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from modemd.api.answers.routes import ANSWERS
from modemd.api.app import create_app
from modemd.service.consent.reviews import open_review
from modemd.store.consent.reviews import ReviewKind, ReviewText
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
ANNA = {"by": "anna", "why": "a test"}
NO_JSON = {"GET /v1/events": "a stream of events, whose `data` are documents"}


async def test_each_route_has_an_answer_with_its_keys(tmp_path: Path) -> None:
    """In the OpenAPI document, every JSON of a success says which keys it has; so does a message that consent refuses."""
    async with assembled_service(tmp_path) as assembled:
        document = create_app(assembled.service).openapi()
    named = document["components"]["schemas"]
    described = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                schema = answer.get("content", {}).get("application/json", {}).get("schema")
                if schema is None:
                    continue
                assert status[0] == "2" or status == "409"
                for each in schema.get("anyOf", [schema]):
                    name = each.get("items", each)["$ref"].rpartition("/")[2]
                    assert named[name]["properties"].keys() >= set(named[name]["required"])
                    assert named[name]["required"]
                    assert named[name]["description"]
                described.add(f"{method.upper()} {path}")
    everything = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert described == set(ANSWERS) == everything - NO_JSON.keys()


async def test_answers_that_no_other_test_asks_for(tmp_path: Path) -> None:
    """The client looks whether they are as they are described."""
    async with assembled_service(tmp_path, alarms={"to": [ALICE]}) as assembled:
        client = Client(narrow_app(assembled.service))
        for what in ({}, {"class": "marketing"}, {"sim": "8933010000000000010"}):
            paused = await client.post("/v1/pause", ANNA | what)
            assert paused.status == 200, paused.body
        assert len((await client.get("/v1/pauses")).json) == 3
        assert len((await client.post("/v1/resume", ANNA)).json) == 2
        assert (await client.get("/v1/policies")).json
        assert (await client.post("/v1/alarms/test", {})).status == 200
        entry = {"channel": "phone", "by": "anna", "evidence": "a call"}
        assert (await client.post(f"/v1/consent/numbers/{ALICE}/opt-out", entry)).status == 200
        assert (await client.post(f"/v1/optouts/{ALICE}/undo", ANNA)).json == {"number": ALICE, "opted_out": False}
        new = ReviewText(BOB, ReviewKind.AMBIGUOUS, "the bus stop")
        review = await assembled.store.write(partial(open_review, settings=assembled.settings, new=new, now=NOON))
        for decision in ("opt-out", "undo"):
            decided = await client.post(f"/v1/consent/reviews/{review}/{decision}", ANNA)
            assert decided.status == 200, decided.body


async def test_answers_about_keys(tmp_path: Path) -> None:
    """With secrets when a key is made or rotated, and without later."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        wish = {"name": "shop", "scopes": ["messages:read"], "per_day": 5, "expires_at": "2027-01-01T00:00:00Z"}
        made = await client.post("/v1/keys", wish)
        assert made.status == 201, made.body
        id = made.json["id"]
        assert (await client.post(f"/v1/keys/{id}/rotate", {})).json["key"]
        assert (await client.post(f"/v1/keys/{id}/revoke", {})).status == 200
        assert "key" not in (await client.get("/v1/keys")).json[0]
