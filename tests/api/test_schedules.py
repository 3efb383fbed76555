"""Schedules, alarms, releases, windows and validity over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modemd.store import alarms
from modemd.store.files.restore import hold_everything
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, AssembledService, assembled_service

NEW = {"name": "daily", "cron": "30 9 * * 1-5", "to": ["+33612345678"], "text": "Good morning"}
WORD = {"by": "ann", "why": "holidays"}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR") as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


async def test_too_many_recipients_are_told_what_can_be_done(client: Client) -> None:
    """The limit is told with a way round it, for a schedule and for a message; nothing is stored."""
    many = [f"+336{number:08d}" for number in range(101)]
    schedule = await client.post("/v1/schedules", NEW | {"to": many})
    assert (schedule.status, schedule.code) == (422, "bad_recipients")
    assert schedule.json["detail"].endswith("let cron run `modemd send --csv FILE --key NAME-DATE`")
    message = await client.post("/v1/messages", {"to": many, "text": "x"})
    assert (message.status, message.code) == (422, "bad_recipients")
    assert "not 101; write more into a CSV" in message.json["detail"]
    assert (await client.get("/v1/messages")).json == (await client.get("/v1/schedules")).json == []


async def test_doubtful_numbers_of_a_schedule_are_warned_of(client: Client) -> None:
    """As those of a message; a number that is named twice is written to once."""
    added = await client.post("/v1/schedules", NEW | {"to": ["+33700000000", "0612345678", "+33612345678"]})
    assert added.json["to"] == ["+33700000000", "+33612345678"]
    assert added.json["warnings"] == [
        "+33700000000 is no number that FR is known to assign",
        "+33612345678 is named 2 times; it gets one message",
    ]


async def test_a_schedule_lives_by_the_api(client: Client) -> None:
    """Added, listed, paused, resumed, removed; each answer is the schedule."""
    added = await client.post("/v1/schedules", NEW | {"valid": "2h", "window": "09:00-18:00", "class": "marketing"})
    assert added.status == 201
    assert (added.json["next"], added.json["valid_s"], added.json["window"], added.json["runs"]) == (
        "2026-11-23T09:30+00:00", 7200, "09:00-18:00", [],
    )  # fmt: skip
    assert (await client.post("/v1/schedules", NEW)).status == 409
    (listed,) = (await client.get("/v1/schedules")).json
    assert listed == {key: value for key, value in added.json.items() if key not in ("runs", "warnings")}
    assert (await client.post("/v1/schedules/daily/pause", WORD)).json["paused"] is True
    assert (await client.post("/v1/schedules/daily/resume", WORD)).json["paused"] is False
    assert (await client.post("/v1/schedules/daily/remove", WORD)).json["name"] == "daily"
    assert (await client.get("/v1/schedules/daily")).status == 404
    assert (await client.get("/v1/schedules")).json == []


@pytest.mark.parametrize("what", ["pause", "resume", "remove"])
async def test_who_and_why_must_be_said(client: Client, what: str) -> None:
    """A decision without a reason is refused, and changes nothing."""
    await client.post("/v1/schedules", NEW)
    refused = await client.post(f"/v1/schedules/daily/{what}", {"by": "ann", "why": " "})
    assert (refused.status, refused.json["code"]) == (422, "no_reason")
    assert (await client.get("/v1/schedules/daily")).json["paused"] is False
    assert (await client.post(f"/v1/schedules/none/{what}", WORD)).status == 404


async def test_alarms_are_listed(client: Client, assembled: AssembledService) -> None:
    """What stands; with `cleared` what is over, too. The status has what stands."""
    await assembled.store.write(lambda db: alarms.raise_alarm(db, "over", "", "x", NOON))
    await assembled.store.write(lambda db: alarms.clear(db, "over", "", NOON))
    await assembled.store.write(lambda db: alarms.raise_alarm(db, "modem", "west", "gone", NOON))
    (standing,) = (await client.get("/v1/alarms")).json
    assert (standing["code"], standing["subject"], standing["cleared_at"]) == ("modem", "west", None)
    assert [row["code"] for row in (await client.get("/v1/alarms?cleared=true")).json] == ["modem", "over"]
    assert (await client.get("/v1/status")).json["alarms"] == [standing]


async def test_a_release_lets_go_what_is_held(client: Client, assembled: AssembledService) -> None:
    """One class, or all of it; who and why are in each story."""
    for message_class in ("alarm", "transactional", "transactional"):
        await client.post("/v1/messages", {"to": "+33612345678", "text": "x", "class": message_class})
    await assembled.store.write(lambda db: hold_everything(db, NOON))
    assert (await client.get("/v1/status")).json["held"] == [{"reason": "restored", "messages": 3}]
    released = await client.post("/v1/release", WORD | {"class": "alarm"})
    assert (released.status, released.json) == (200, {"messages": 1, "batches": 0})
    assert (await client.post("/v1/release", WORD)).json == {"messages": 2, "batches": 0}
    assert (await client.post("/v1/release", WORD)).json == {"messages": 0, "batches": 0}
    story = (await client.get("/v1/messages/2")).json["events"]
    assert story[-1]["detail"] == WORD
    assert (await client.post("/v1/release", WORD | {"class": "best"})).json["code"] == "bad_class"


async def test_a_message_has_a_validity_and_a_window(client: Client, assembled: AssembledService) -> None:
    """Outside of its window it is held until that opens; it expires when it said, counted from its start."""
    answer = await client.post(
        "/v1/messages", {"to": "+33612345678", "text": "x", "valid": "20h", "window": "08:00-10:00"}
    )
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (202, "held", "outside_window")
    assert answer.json["until"].startswith("2026-11-23T08:00")
    assert answer.json["expires_at"].startswith("2026-11-23T08:00")
    inside = await client.post("/v1/messages", {"to": "+33612345678", "text": "x", "window": "08:00-18:00"})
    assert inside.json["state"] == "queued"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"valid": "long"}, "bad_validity"), ({"valid": "500d"}, "bad_validity"), ({"window": "9-18"}, "bad_window")],
)
async def test_what_cannot_be_meant_is_refused(client: Client, fields: dict[str, Any], code: str) -> None:
    """With a code of its own."""
    answer = await client.post("/v1/messages", {"to": "+33612345678", "text": "x"} | fields)
    assert (answer.status, answer.json["code"]) == (422, code)


async def test_the_inbox_is_read_on_from_a_moment(client: Client, assembled: AssembledService) -> None:
    """By when a message came to be seen: a long one that is complete late comes after a short one that came meanwhile."""

    def part(seq: int) -> Arrival:
        return Arrival("8933", bytes([seq]), "+33698765432", "text", "long", None, "set", seq, 2)

    for minute, arrival in enumerate([part(1), Arrival("8933", b"x", "+33698765432", "text", "short", None), part(2)]):
        at = NOON + timedelta(minutes=minute)
        await assembled.store.write(
            partial(inbox.store_arrival, arrival=arrival, join=lambda tpdus: ("text", "long"), now=at)
        )
    seen = (await client.get("/v1/inbox?since=2026-11-22T12:00:00Z")).json
    assert [(row["id"], row["text"]) for row in seen] == [(2, "short"), (1, "long")]
    after = (await client.get(f"/v1/inbox?since={seen[1]['seen_at'].replace('+', '%2B')}&limit=0")).json
    assert [row["id"] for row in after] == [1]
    assert (await client.get("/v1/inbox?since=noon")).status == 422
    since = "/v1/inbox?since=2026-11-22T12:00:00Z"
    assert [row["text"] for row in (await client.get(f"{since}&id=1")).json] == ["long"]
    assert [row["text"] for row in (await client.get(f"{since}&kind=call")).json] == []
    assert len((await client.get(f"{since}&kind=text")).json) == 2
    assert (await client.get(f"{since}&kind=letter")).code == "bad_kind"
    for edge in ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"):
        assert (await client.get(f"/v1/inbox?since={edge}")).code == "bad_request"


async def test_a_schedule_declares_answers(client: Client) -> None:
    """As a message does; what is never an answer is refused."""
    added = await client.post("/v1/schedules", NEW | {"answers": ["YES", " no "]})
    assert (added.status, added.json["answers"]) == (201, ["YES", "no"])
    wrong = await client.post("/v1/schedules", NEW | {"name": "wrong", "answers": ["YES", "STOP"]})
    assert (wrong.status, wrong.code) == (422, "bad_answers")
