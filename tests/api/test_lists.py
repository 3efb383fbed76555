"""Lists: streamed, narrowed, and cut with a word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modemd.api.app import create_app
from modemd.api.in_process import StreamedRequest
from modemd.api.lists import JSON_LINES
from modemd.service import pages
from modemd.store import sims
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, AssembledService, assembled_service

ALICE, BOB, WEST = "+33612345678", "+33698765432", "8933010000000000010"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR") as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


async def arrives(assembled: AssembledService, sender: str, text: str) -> None:
    arrival = Arrival(WEST, f"{sender}{text}".encode(), sender, "text", text, assembled.clock.now())
    await assembled.store.write(
        lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", text), assembled.clock.now())
    )


async def texts(client: Client, target: str) -> list[str]:
    answer = await client.get(target)
    assert answer.status == 200, answer.body
    return [row["text"] for row in answer.json]


async def test_messages_are_narrowed(client: Client, assembled: AssembledService) -> None:
    """By number as it is dialled, class, time, and what was before; together they narrow further."""
    for number, (to, message_class) in enumerate([(ALICE, "otp"), (BOB, "otp"), (ALICE, "transactional")]):
        await client.post("/v1/messages", {"to": to, "text": str(number), "class": message_class})
        assembled.clock.passes(hours=1)
    assert await texts(client, "/v1/messages?to=0612345678") == ["2", "0"]
    assert await texts(client, "/v1/messages?to=%2B33612345678&class=otp") == ["0"]
    assert await texts(client, "/v1/messages?class=otp") == ["1", "0"]
    assert await texts(client, "/v1/messages?since=2026-11-22T14:00:00%2B01:00") == ["2", "1"]
    assert await texts(client, "/v1/messages?until=2026-11-22T13:00:00Z") == ["0"]
    assert await texts(client, "/v1/messages?before=3&limit=1") == ["1"]
    assert await texts(client, "/v1/messages?state=queued&before=3") == ["1", "0"]
    assert await texts(client, "/v1/messages?state=queued&to=0612345678") == ["2", "0"]


async def test_messages_are_narrowed_to_what_sent_them(client: Client, assembled: AssembledService) -> None:
    """By the SIM, as ICCID or as number, and by the modem that tried."""
    for text in ("west", "nobody"):
        await client.post("/v1/messages", {"to": ALICE, "text": text})

    def happened(db: Any) -> None:
        sims.record_sim(db, WEST, None, "+33700000001", "imei", NOON)
        db.execute("UPDATE message SET sim = ? WHERE id = 1", (WEST,))
        db.execute(
            """INSERT INTO attempt (part_id, message_id, number, sim, modem, opened_at)
               SELECT id, message_id, number, ?, '351234050000017', '' FROM part WHERE message_id = 1""",
            (WEST,),
        )

    await assembled.store.write(happened)
    assert await texts(client, f"/v1/messages?sim={WEST}") == ["west"]
    assert await texts(client, "/v1/messages?sim=%2B33700000001") == ["west"]
    assert await texts(client, "/v1/messages?sim=1") == []
    assert await texts(client, "/v1/messages?modem=351234050000017") == ["west"]
    answer = await client.get("/v1/messages?modem=west")
    assert (answer.status, answer.code) == (503, "not_ready")  # the modem has not said its IMEI


async def test_the_inbox_is_narrowed(client: Client, assembled: AssembledService) -> None:
    """By number or name, and by what was before."""
    for sender, text in ((ALICE, "a"), ("MyBank", "b"), (ALICE, "c")):
        await arrives(assembled, sender, text)
    assert await texts(client, "/v1/inbox?from=0612345678") == ["c", "a"]
    assert await texts(client, "/v1/inbox?from=MyBank") == ["b"]
    assert await texts(client, "/v1/inbox?from=%2B33612345678&before=3") == ["a"]
    assert await texts(client, "/v1/inbox?from=0612345678&since=2026-11-22T00:00:00Z") == ["a", "c"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/v1/messages?state=lost", "bad_state"),
        ("/v1/messages?class=spam", "bad_class"),
        ("/v1/messages?batch=99", "not_found"),
        ("/v1/messages?to=061", "short_code"),
        ("/v1/messages?since=2026-11-22", "bad_request"),
        ("/v1/inbox?kind=letter", "bad_kind"),
        ("/v1/inbox?from=!", "bad_number"),
        ("/v1/policies?country=France", "bad_country"),
    ],
)
async def test_a_wrong_filter_is_told(client: Client, target: str, code: str) -> None:
    """It lists nothing, and nobody takes that for an empty list. Three digits are a short code."""
    answer = await client.get(target)
    if code == "short_code":
        assert answer.json == []
    else:
        assert (answer.code, answer.status) == (code, 404 if code == "not_found" else 422)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/v1/messages?number=1", "query.number: There is no such query; this route takes id, state"),
        ("/v1/messages?limit=1&limit=2", "query.limit: Is there twice"),
        (
            "/v1/messages?since=30d",
            "query.since: is no time in ISO 8601 with a zone; write it as 2026-11-22T18:30:00+01:00",
        ),
        ("/v1/messages?since=1700000000", "query.since: is no time in ISO 8601 with a zone"),
        ("/v1/messages?since=2026-11-22", "query.since: is no time in ISO 8601 with a zone"),
        ("/v1/messages?limit=abc", "query.limit: is no whole number"),
        ("/v1/messages?limit=-1", "query.limit: is less than 0"),
        ("/v1/messages?id=99999999999999999999", "query.id: is more than 9223372036854775807"),
        ("/v1/reports?matched=maybe", "query.matched: is neither true nor false"),
        ("/v1/modems?limit=1", "query.limit: There is no such query; this route takes none"),
        ("/v1/messages/1?x", "query.x: There is no such query; this route takes none"),
        ("/openapi.json?x=1", "query.x: There is no such query; this route takes none"),
    ],
)
async def test_an_unknown_query_is_told(client: Client, target: str, said: str) -> None:
    """A filter that is written wrong does not list everything."""
    answer = await client.get(target)
    assert (answer.status, answer.code) == (422, "bad_request")
    assert answer.json["detail"].startswith(said)


async def test_a_cut_list_says_how_many_there_are(client: Client) -> None:
    """A header has the number; a list that is whole has none."""
    for number in range(3):
        await client.post("/v1/messages", {"to": ALICE, "text": str(number)})
    assert (await client.get("/v1/messages?limit=2")).headers["x-total-count"] == "3"
    for whole in ("limit=3", "limit=0", "limit=2&before=3"):
        assert "x-total-count" not in (await client.get(f"/v1/messages?{whole}")).headers


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
async def test_rows_come_as_an_array_or_a_line_each(
    assembled: AssembledService, client: Client, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Both have the same rows, over several pages too."""
    monkeypatch.setattr(pages, "ROWS_PER_PAGE", 2)
    for number in range(rows):
        await client.post("/v1/messages", {"to": ALICE, "text": f"é{number}"})
    array = (await client.get("/v1/messages?limit=0")).json
    assert [row["text"] for row in array] == [f"é{number}" for number in reversed(range(rows))]
    request = StreamedRequest("/v1/messages?limit=0", JSON_LINES)
    status, headers = await request.start(create_app(assembled.service))
    assert (status, headers["content-type"]) == (200, JSON_LINES)
    body = b""
    while piece := await request.read():
        body += piece
    assert [json.loads(line) for line in body.splitlines()] == array


async def test_a_list_is_read_while_it_is_answered(
    assembled: AssembledService, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page is read only after the one before was taken: neither side holds the whole list."""
    monkeypatch.setattr(pages, "ROWS_PER_PAGE", 1)
    for number in range(5):
        await client.post("/v1/messages", {"to": ALICE, "text": str(number)})
    request = StreamedRequest("/v1/messages?limit=0", JSON_LINES)
    await request.start(create_app(assembled.service))
    first = json.loads(await request.read())
    await assembled.store.write(lambda db: db.execute("UPDATE message SET text = 'changed' WHERE id < 3"))
    rest = [json.loads(piece) for piece in [await request.read() for _ in range(4)]]
    assert [row["text"] for row in (first, *rest)] == ["4", "3", "2", "changed", "changed"]


async def test_a_list_is_left_in_the_middle(
    assembled: AssembledService, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed, the request has ended: nothing reads any more, whether it waited to be read or not."""
    monkeypatch.setattr(pages, "ROWS_PER_PAGE", 1)
    for number in range(5):
        await client.post("/v1/messages", {"to": ALICE, "text": str(number)})
    before = asyncio.all_tasks()
    for pieces in (0, 1, 6):
        request = StreamedRequest("/v1/messages?limit=0", JSON_LINES)
        await request.start(create_app(assembled.service))
        for _ in range(pieces):
            await request.read()
        await request.close()
        assert asyncio.all_tasks() == before


async def test_what_is_no_route_is_told_in_words(client: Client) -> None:
    """A path that is none, and a method that a route does not take."""
    missing = await client.get("/v1/mesages")
    assert (missing.status, missing.code) == (404, "no_route")
    assert missing.json["detail"] == "there is no route /v1/mesages; modemd help api lists the routes"
    wrong = await client.post("/v1/inbox", {})
    assert (wrong.status, wrong.code) == (405, "wrong_method")
    assert wrong.json["detail"] == "/v1/inbox does not take POST; it takes GET"


async def test_a_plus_that_is_a_blank_is_read(client: Client) -> None:
    """In a query a plus sign means a blank, and nobody writes %2B by himself."""
    await client.post("/v1/messages", {"to": ALICE, "text": "hello"})
    for since in ("2026-11-22T13:00:00+01:00", "2026-11-22T13:00:00%2B01:00"):
        assert len((await client.get(f"/v1/messages?since={since}")).json) == 1
    assert (await client.get("/v1/messages?since=2026-11-22T13:00:01+01:00")).json == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"to": ALICE}, "body.text: is missing"),
        ({"to": ALICE, "text": 5}, "body.text: is no text"),
        ({"to": ALICE, "text": "a", "txet": 1}, "body.txet: there is no such field"),
        ({"to": ALICE, "text": "a", "answers": "YES"}, "body.answers: is no list"),
        ({"to": ALICE, "text": "a", "report": 2}, "body.report: is neither true nor false"),
        ([], "body: is no JSON object"),
    ],
)
async def test_a_mistake_is_told_in_plain_words(client: Client, body: object, said: str) -> None:
    """Not in those of the framework."""
    answer = await client.post("/v1/messages", body)
    assert (answer.status, answer.json["detail"]) == (422, said)
