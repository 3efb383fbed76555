"""What a person decides, by the API: settle, cancel, resend, and the reports that nobody owns."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.rules.report_matching import ReportFacts, make_owner_finder
from modemd.rules.send_decision import SendDecision, SendVerdict
from modemd.store.inbound import status_reports
from modemd.store.queue import claims, outcomes
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, AssembledService, assembled_service

ALICE, WEST = "+33612345678", "8933010000000000010"
WORD = {"by": "ann", "why": "she says so"}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


async def tried(assembled: AssembledService, result: AttemptResult, reference: int | None = None) -> None:
    """The message that is queued goes on the air, and ends so."""

    def change(db: Any) -> None:
        claim = claims.claim(db, WEST, "stick", lambda facts: SendDecision(SendVerdict.SEND), assembled.clock.now())
        assert claim is not None
        outcomes.close_attempt(
            db, AttemptOutcome(claim.attempt_id, result, assembled.clock.now(), reference), assembled.clock.now()
        )

    await assembled.store.write(change)


async def reported(assembled: AssembledService, reference: int, *, status: int = 0) -> None:
    """A status report comes in."""
    outcome = status_reports.DeliveryOutcome.DELIVERED if status == 0 else status_reports.DeliveryOutcome.PERMANENT
    told = ReportFacts(reference, ALICE, assembled.clock.now())
    new = status_reports.NewReport(WEST, bytes([reference, status]), told, outcome, status, assembled.clock.now())
    rule = make_owner_finder(timedelta(seconds=60))
    await assembled.store.write(lambda db: status_reports.record_report(db, new, rule, assembled.clock.now()))


async def unknown(assembled: AssembledService, client: Client) -> int:
    """A message of which nobody knows whether it was sent."""
    message: int = (await client.post("/v1/messages", {"to": ALICE, "text": "hello"})).json["id"]
    await tried(assembled, AttemptResult.UNKNOWN)
    return message


@pytest.mark.parametrize(("verdict", "state"), [("sent", "sent"), ("not-sent", "failed")])
async def test_an_unknown_message_is_settled(
    client: Client, assembled: AssembledService, verdict: str, state: str
) -> None:
    """The answer is the message as it is then; its story has who and why."""
    message = await unknown(assembled, client)
    answer = await client.post(f"/v1/messages/{message}/settle", WORD | {"verdict": verdict})
    assert (answer.status, answer.json["id"], answer.json["state"]) == (200, message, state)
    story = (await client.get(f"/v1/messages/{message}")).json
    (event,) = [event for event in story["events"] if event["what"].startswith("settled")]
    assert event["detail"] == {"part": 1} | WORD
    again = await client.post(f"/v1/messages/{message}/settle", WORD | {"verdict": verdict})
    assert (again.status, again.code) == (409, "not_unknown")


async def test_a_waiting_message_is_cancelled_once(client: Client, assembled: AssembledService) -> None:
    """Cancelled, with the message as the answer; what is final, or with a modem, is too late."""
    message = (await client.post("/v1/messages", {"to": ALICE, "text": "hello"})).json["id"]
    answer = await client.post(f"/v1/messages/{message}/cancel", WORD)
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (200, "cancelled", "by_hand")
    for late in (message, await unknown(assembled, client)):
        answer = await client.post(f"/v1/messages/{late}/cancel", WORD)
        assert (answer.status, answer.code) == (409, "too_late")


async def test_a_message_is_resent_once(client: Client, assembled: AssembledService) -> None:
    """202 is a new message that is told to the modems; the same again is 200 and that message."""
    message = await unknown(assembled, client)
    answer = await client.post(f"/v1/messages/{message}/resend", WORD)
    assert (answer.status, answer.json["state"], answer.json["again"]) == (202, "queued", False)
    again = await client.post(f"/v1/messages/{message}/resend", WORD)
    assert (again.status, again.json["id"], again.json["again"]) == (200, answer.json["id"], True)
    assert assembled.service.modems.registry.modems[0]._context.awake.is_set()
    answer = await client.post(f"/v1/messages/{answer.json['id']}/resend", WORD)
    assert (answer.status, answer.code) == (409, "on_its_way")


async def test_a_resend_may_be_refused_by_consent(client: Client, assembled: AssembledService) -> None:
    """After STOP the new message is 409, kept as refused."""
    await client.post("/v1/messages", {"to": ALICE, "text": "10 % off", "class": "marketing"})
    await tried(assembled, AttemptResult.SENT, 7)
    await assembled.stop_word(ALICE)
    answer = await client.post("/v1/messages/1/resend", WORD)
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (409, "refused", "opted_out")


@pytest.mark.parametrize(
    ("route", "document", "status", "code"),
    [
        pytest.param("1/settle", WORD | {"verdict": "perhaps"}, 422, "bad_verdict", id="no verdict"),
        pytest.param("1/settle", WORD | {"verdict": "sent", "part": 2}, 404, "no_part", id="no such part"),
        pytest.param("1/settle", WORD | {"verdict": "sent", "part": 0}, 422, "bad_request", id="no part at all"),
        pytest.param("1/settle", WORD, 422, "bad_request", id="verdict missing"),
        *(
            pytest.param(f"1/{route}", WORD | more | wrong, 422, code, id=f"{route}: {word}")
            for route, more in (("settle", {"verdict": "sent"}), ("cancel", {}), ("resend", {}))
            for word, wrong, code in (
                ("no reason", {"why": " "}, "no_reason"),
                ("nobody", {"by": ""}, "no_reason"),
                ("too long", {"why": "x" * 501}, "no_reason"),
                ("half a surrogate pair", {"why": "\ud800"}, "bad_request"),
                ("unknown key", {"colour": "red"}, "bad_request"),
            )
        ),
        *(
            pytest.param(f"9/{route}", WORD | more, 404, "not_found", id=f"{route}: no such message")
            for route, more in (("settle", {"verdict": "sent"}), ("cancel", {}), ("resend", {}))
        ),
    ],
)
async def test_a_decision_that_is_wrong_is_refused(
    client: Client, assembled: AssembledService, route: str, document: dict[str, Any], status: int, code: str
) -> None:
    """The one body for every error, and the message stays as it is."""
    await unknown(assembled, client)
    before = (await client.get("/v1/messages/1")).json
    answer = await client.post(f"/v1/messages/{route}", document)
    assert (answer.status, answer.code) == (status, code)
    assert (await client.get("/v1/messages/1")).json == before


async def test_reports_are_listed(client: Client, assembled: AssembledService) -> None:
    """Newest first, the status in words, and of one that is nobody's the reason; `matched` narrows."""
    await client.post("/v1/messages", {"to": ALICE, "text": "hello"})
    await tried(assembled, AttemptResult.SENT, 7)
    await reported(assembled, 7)
    await reported(assembled, 9, status=0x46)
    stranger, own = (await client.get("/v1/reports")).json
    assert (own["message"], own["status"], own["meaning"]) == (1, "00", "received by the recipient")
    assert "reason" not in own
    assert (stranger["message"], stranger["reference"], stranger["to"], stranger["sim"]) == (None, 9, ALICE, WEST)
    assert (stranger["status"], stranger["meaning"]) == ("46", "failed for good: validity period expired")
    assert (
        stranger["accepted_at"]
        == stranger["discharged_at"]
        == stranger["stored_at"]
        == NOON.isoformat("T", "microseconds")
    )
    assert stranger["reason"] == "nobody"
    assert "nothing that this SIM has sent to that number has the reference" in stranger["because"]
    assert (await client.get("/v1/reports?matched=false")).json == [stranger]
    assert (await client.get("/v1/reports?matched=true")).json == [own]
    assert (await client.get("/v1/reports?limit=1")).json == [stranger]


async def test_the_whole_story_of_a_message(client: Client, assembled: AssembledService) -> None:
    """Its parts and until when they are held, which SIM and why, what the modem said, which report came and what it means."""
    await client.post("/v1/messages", {"to": ALICE, "text": "hello"})
    await tried(assembled, AttemptResult.SENT, 7)
    await reported(assembled, 7)
    story = (await client.get("/v1/messages/1")).json
    assert story["progress"] == [{"part": 1, "state": "delivered", "tries": 1, "repeats": 0, "until": None}]
    (attempt,) = story["attempts"]
    assert (attempt["part"], attempt["sim"], attempt["modem"]) == (1, WEST, "stick")
    assert (attempt["outcome"], attempt["reference"], attempt["error"]) == ("sent", 7, None)
    assert [(report["reference"], report["meaning"]) for report in story["reports"]] == [
        (7, "received by the recipient")
    ]
    assert {event["what"]: event["detail"] for event in story["events"]}["claimed"]["because"] == "first free"
    assert json.loads(json.dumps(story)) == story


@pytest.mark.parametrize(("kind", "said"), [("", "it has none"), ("text/plain", "it has text/plain")])
async def test_a_body_of_another_type_is_told_so(tmp_path: Path, kind: str, said: str) -> None:
    """A client that forgets the header is told of the header, and not that its document is none."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client = Client(narrow_app(assembled.service))
        answer = await client.call("POST", "/v1/messages", b'{"to": "0612345678", "text": "x"}', kind)
        assert (answer.status, answer.code) == (415, "bad_media_type")
        assert answer.json["detail"] == f"the body needs Content-Type: application/json; {said}"


@pytest.mark.parametrize("route", ["batches", "batches/preview", "consent/import?by=ann"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("multipart/form-data; boundary=x", b"--x\r\n\r\nto,text\r\n--x--\r\n", id="curl -F"),
        pytest.param("application/x-www-form-urlencoded", b"to,text+33612345678,hello", id="curl -d"),
    ],
)
async def test_a_csv_in_a_form_is_told_so(tmp_path: Path, route: str, kind: str, body: bytes) -> None:
    """A client that packs its file into a form, or loses its line ends, is told the type and the flags of curl."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        answer = await Client(narrow_app(assembled.service)).call("POST", f"/v1/{route}", body, kind)
        assert (answer.status, answer.code) == (415, "bad_media_type")
        assert "-H 'Content-Type: text/csv' --data-binary @FILE" in answer.json["detail"]


async def test_a_csv_with_its_lines_needs_no_type(tmp_path: Path) -> None:
    """`curl --data-binary` without a header says that it is a form; its lines are whole."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client, rows = Client(narrow_app(assembled.service)), f"to,text,class\n{ALICE},hello,transactional\n".encode()
        answer = await client.call("POST", "/v1/batches", rows, "application/x-www-form-urlencoded")
        assert (answer.status, answer.json["accepted"]) == (202, 1)


async def test_answers_are_declared(client: Client) -> None:
    """As a list for a message, separated by commas for all rows of a file; what is never an answer is refused."""
    sent = await client.post("/v1/messages", {"to": ALICE, "text": "Tonight?", "answers": ["YES", "NO"]})
    assert (sent.status, sent.json["answers"]) == (202, ["YES", "NO"])
    rows = f"to,text,class\n{ALICE},Tonight?,otp\n".encode()
    batch = await client.call("POST", "/v1/batches?answers=YES,NO", rows, "text/csv")
    message = (await client.get(f"/v1/messages/{batch.json['first_message']}")).json
    assert (message["answers"], message["notice"], message["submitted_text"]) == (["YES", "NO"], False, None)
    wrong = await client.post("/v1/messages", {"to": ALICE, "text": "Tonight?", "answers": ["YES", "STOP"]})
    assert (wrong.status, wrong.code) == (422, "bad_answers")
    wrong = await client.call("POST", "/v1/batches/preview?answers=", rows, "text/csv")
    assert (wrong.status, wrong.code) == (422, "bad_rows")
