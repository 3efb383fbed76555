"""The routes of one number, and replies."""

from __future__ import annotations

from pathlib import Path

from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, assembled_service

ALICE, WEST = "+33612345678", "8933010000000000010"
WORD = {"by": "ann", "why": "asked for it"}


async def test_a_conversation_and_its_end(tmp_path: Path) -> None:
    """A message comes in and is answered; the thread has both; after the erasure it has neither."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client = Client(narrow_app(assembled.service))
        arrival = Arrival(WEST, b"1", ALICE, "text", "open today?", NOON)
        await assembled.store.write(lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", ""), NOON))
        answer = await client.post("/v1/inbox/1/reply", {"text": "until six"})
        assert (answer.status, answer.json["to"], answer.json["class"]) == (202, ALICE, "conversational")
        rows = (await client.get("/v1/numbers/0612345678/thread")).json
        assert [(row["way"], row["text"]) for row in rows] == [("in", "open today?"), ("out", "until six")]
        assert (await client.post(f"/v1/messages/{answer.json['id']}/cancel", WORD)).status == 200
        erased = (await client.post("/v1/numbers/%2B33612345678/erase", WORD)).json
        assert (erased["number"], erased["messages"], erased["inbox"]) == (ALICE, 1, 1)
        assert [each["what"] for each in erased["kept"]] == ["copies"]
        assert (await client.get("/v1/numbers/0612345678/thread")).json == []
        again = await client.post(f"/v1/messages/{answer.json['id']}/resend", WORD)
        assert (again.status, again.code) == (422, "bad_number")


async def test_what_is_wrong_is_refused(tmp_path: Path) -> None:
    """The one body for every error."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client = Client(narrow_app(assembled.service))
        assert (await client.post("/v1/inbox/1/reply", {"text": "x"})).code == "not_found"
        assert (await client.post("/v1/inbox/1/reply", {"text": "x", "to": ALICE})).code == "bad_request"
        assert (await client.get("/v1/numbers/!/thread")).code == "bad_number"
        assert (await client.post(f"/v1/numbers/{ALICE}/erase", {"by": "ann", "why": ""})).code == "no_reason"
