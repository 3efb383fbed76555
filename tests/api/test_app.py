"""The routes: what each answers, and that every error has the one body."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.api import app as application
from modemd.api import messages
from modemd.errors import ErrorCode, StoreError, StoreUnavailable
from modemd.rules.report_matching import ReportFacts
from modemd.store import connection, sims
from modemd.store.inbound import inbox, status_reports
from modemd.store.inbound.inbound_part import Arrival
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, AssembledService, assembled_service

ALICE = "+33612345678"
WEST = "8933010000000000010"
HELLO = {"to": ALICE, "text": "hello"}
ROUTES = ("/v1/messages", "/v1/reports", "/v1/inbox", "/v1/optouts", "/v1/modems", "/v1/status")


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


async def test_a_message_is_accepted(client: Client) -> None:
    """202 means durable: the message is listed as it was answered."""
    answer = await client.post("/v1/messages", HELLO)
    assert answer.status == 202
    message = answer.json
    assert (message["to"], message["class"], message["state"], message["parts"]) == (
        ALICE,
        "transactional",
        "queued",
        1,
    )
    assert (message["warnings"], message["again"]) == ([], False)
    (listed,) = (await client.get("/v1/messages")).json
    assert listed.pop("waits")["code"] == "no_daemon"
    assert listed == {key: value for key, value in message.items() if key not in ("warnings", "again")}


async def test_an_application_for_one_request_answers_as_the_whole_one(assembled: AssembledService) -> None:
    """Each route is there if the application is made for it, and an unknown path has the answer of the whole application."""
    whole = application.create_app(assembled.service)
    for path, methods in whole.openapi()["paths"].items():
        narrow = application.create_app(assembled.service, only=path.replace("{", "").replace("}", ""))
        assert narrow.openapi()["paths"][path] == methods
    for path in ("/v1/nothing", "/v1/messages/1/nothing"):
        answers = [
            await Client(each).get(path) for each in (whole, application.create_app(assembled.service, only=path))
        ]
        assert answers[0] == answers[1]
        assert answers[0].status == 404


def test_models_of_pydantic_1_are_not_loaded(tmp_path: Path) -> None:
    """FastAPI would load them for nothing. Neither the routes nor a request with its answer and its mistakes do."""
    program = f"""
import asyncio, pathlib, sys
from modemd.api.app import create_app
from tests.api.client import Client
from tests.service.assembled import assembled_service

async def main():
    async with assembled_service(pathlib.Path({str(tmp_path)!r})) as assembled:
        client = Client(create_app(assembled.service))
        for body in ({HELLO!r}, {{"to": 1}}):
            print((await client.post("/v1/messages", body)).status)
        print((await client.get("/v1/messages")).status)

asyncio.run(main())
print("pydantic.v1" in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["202", "422", "200", "False"]


async def test_every_wish_is_kept(client: Client, assembled: AssembledService) -> None:
    """Class, time and key are taken as they are said."""
    request = HELLO | {"class": "otp", "at": "2026-11-22T13:30+01:00", "key": "k", "report": False}
    message = (await client.post("/v1/messages", request)).json
    assert (message["class"], message["key"], message["state"]) == ("otp", "k", "held")
    assert message["at"] == (NOON + timedelta(minutes=30)).isoformat("T", "microseconds")
    kept = await assembled.store.read(lambda db: db.execute("SELECT report FROM message").fetchone()["report"])
    assert kept == 0


async def test_a_doubtful_number_is_taken_with_a_warning(client: Client) -> None:
    """A number that no plan knows is accepted, and a person is told."""
    answer = await client.post("/v1/messages", HELLO | {"to": "+33700000000"})
    assert (answer.status, len(answer.json["warnings"])) == (202, 1)


async def test_several_recipients_are_accepted_together(client: Client, assembled: AssembledService) -> None:
    """A list gives a list: all are accepted in one commit, or none; consent refuses one without the others."""
    await assembled.stop_word(ALICE)
    both = HELLO | {"to": [ALICE, "+33698765432"]}
    answer = await client.post("/v1/messages", both | {"class": "marketing"})
    assert (answer.status, [each["state"] for each in answer.json]) == (202, ["refused", "queued"])
    alone = await client.post("/v1/messages", HELLO | {"to": [ALICE], "class": "marketing"})
    assert (alone.status, len(alone.json)) == (409, 1)
    stored = len((await client.get("/v1/messages")).json)
    wrong: list[dict[str, object]] = [
        {"to": [ALICE, "nobody"]},
        {"to": []},
        {"to": [ALICE] * 101},
        {**both, "key": "k"},
    ]
    for fields in wrong:
        assert (await client.post("/v1/messages", HELLO | fields)).status == 422
    assert len((await client.get("/v1/messages")).json) == stored


async def test_a_file_takes_its_options_from_the_query(client: Client) -> None:
    """What all rows share stands in the query; what is told before is told again in the answer."""
    rows, query = (
        b"mobile;name\n+33612345678;Anna\n+33612345678;Anna\n",
        "?text=h%C3%B4&class=otp&to_column=Mobile",
    )
    preview = await client.call("POST", f"/v1/batches/preview{query}&dedupe=true", rows, "text/csv")
    assert (preview.status, preview.json["rows"], preview.json["left_out"]) == (200, 1, 1)
    assert (await client.get("/v1/batches")).json == []
    answer = (await client.call("POST", f"/v1/batches{query}&dedupe=true&key=k", rows, "text/csv")).json
    assert (answer["accepted"], answer["left_out"], answer["repeated"]) == (1, 1, False)
    assert answer["estimate"] == preview.json["estimate"]
    (message,) = (await client.get("/v1/messages")).json
    assert (message["text"], message["class"], message["to"]) == ("hô", "otp", ALICE)
    again = (await client.call("POST", f"/v1/batches{query}&dedupe=true&key=k", rows, "text/csv")).json
    assert (again["id"], again["repeated"], again["estimate"]) == (answer["id"], True, None)


async def test_a_batch_is_paused_resumed_and_cancelled(client: Client) -> None:
    """A person decides about all its messages at once, with who and why."""
    rows, word = f"to,text,class\n{ALICE},x,otp\n".encode(), {"by": "ann", "why": "wrong price"}
    await client.call("POST", "/v1/batches", rows, "text/csv")
    for decision, state in (("pause", "held"), ("resume", "held"), ("cancel", "cancelled")):
        answer = await client.post(f"/v1/batches/1/{decision}", word)
        assert (answer.status, answer.json) == (200, {"batch": 1, "changed": 1})
        assert (await client.get("/v1/batches/1")).json["messages"] == {state: 1}
    assert (await client.post("/v1/batches/1/resume", word)).code == "not_paused"
    assert (await client.post("/v1/batches/9/cancel", word)).code == "not_found"


async def test_a_preview_of_messages_stores_nothing(client: Client) -> None:
    """It takes what a message takes, and tells its parts."""
    answer = await client.post("/v1/messages/preview", HELLO | {"to": [ALICE, "+33698765432"]})
    assert (answer.status, answer.json["rows"], answer.json["estimate"]["parts"]) == (200, 2, 2)
    assert (await client.post("/v1/messages/preview", HELLO | {"to": "112"})).code == "emergency_number"
    assert (await client.get("/v1/messages")).json == []


async def test_the_same_key_answers_again(client: Client) -> None:
    """A key seen before with the same content is 200 and the first message; with other content it is 409."""
    first = (await client.post("/v1/messages", HELLO | {"key": "k"})).json
    again = await client.post("/v1/messages", HELLO | {"key": "k"})
    assert (again.status, again.json["id"], again.json["again"]) == (200, first["id"], True)
    other = await client.post("/v1/messages", HELLO | {"key": "k", "text": "bye"})
    assert (other.status, other.code) == (409, "key_reused")


async def test_a_refusal_by_consent_is_listed(client: Client, assembled: AssembledService) -> None:
    """Marketing after STOP is 409 with the message as it was kept: refused, with the reason."""
    await assembled.stop_word(ALICE)
    answer = await client.post("/v1/messages", HELLO | {"class": "marketing"})
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (409, "refused", "opted_out")
    assert [row["state"] for row in (await client.get("/v1/messages?state=refused")).json] == ["refused"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"to": "nobody"}, "bad_number", id="no number"),
        pytest.param({"to": "112"}, "emergency_number", id="emergency"),
        pytest.param({"to": "0612345678"}, "needs_country", id="national without a country"),
        pytest.param({"to": "12345"}, "short_code_not_allowed", id="short code"),
        pytest.param({"to": "+3361"}, "not_possible", id="too short"),
        pytest.param({"class": "spam"}, "bad_class", id="class"),
        pytest.param({"class": "system"}, "bad_class", id="our own class"),
        pytest.param({"text": ""}, "empty_text", id="no text"),
        pytest.param({"text": "x" * 153 * 256}, "bad_text", id="more than 255 parts"),
        pytest.param({"key": ""}, "bad_key", id="empty key"),
        pytest.param({"key": "k" * 201}, "bad_key", id="long key"),
        pytest.param({"at": "tomorrow"}, "bad_time", id="no time"),
        pytest.param({"at": "2026-11-22T11:58:59Z"}, "in_the_past", id="past"),
        pytest.param({"colour": "red"}, "bad_request", id="unknown key"),
        pytest.param({"to": None}, "bad_request", id="no recipient"),
        pytest.param({"text": 5}, "bad_request", id="text is no string"),
        pytest.param({"text": "\ud800"}, "bad_text", id="half a surrogate pair"),
        pytest.param({"key": "\ud800"}, "bad_request", id="key with half a surrogate pair"),
    ],
)
async def test_what_cannot_be_sent_is_refused(client: Client, fields: dict[str, object], code: str) -> None:
    """A message that is wrong is 422 with a code for programs and a line for people, and nothing is kept."""
    answer = await client.post("/v1/messages", HELLO | fields)
    assert (answer.status, answer.code) == (422, code)
    assert (await client.get("/v1/messages")).json == []


async def test_a_short_code_may_be_asked_for(client: Client) -> None:
    """`short_code` says that the digits are meant so."""
    answer = await client.post("/v1/messages", {"to": "12345", "text": "x", "short_code": True})
    assert (answer.status, answer.json["to"]) == (202, "12345")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"to": "+33612345678"}'])
async def test_bad_json_is_told(client: Client, body: bytes) -> None:
    """A body that is no such JSON is 422, with each problem on its own."""
    answer = await client.call("POST", "/v1/messages", body)
    assert (answer.status, answer.code) == (422, "bad_request")
    assert answer.json["problems"]


async def test_a_body_that_is_no_text_is_told(client: Client) -> None:
    """A body that is not UTF-8 is 400."""
    answer = await client.call("POST", "/v1/messages", b"\xff")
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_a_batch_is_accepted_by_rows(client: Client, assembled: AssembledService) -> None:
    """The rows of a CSV become messages in their order; one that consent refuses is kept as refused among the accepted."""
    await assembled.stop_word("+33698765432")
    rows = f"to,text,class,key\n{ALICE},hello,transactional,a\n+33698765432,offer,marketing,\n"
    answer = await client.call("POST", "/v1/batches", rows.encode(), "text/csv")
    assert answer.status == 202
    assert (answer.json["accepted"], answer.json["refused"]) == (1, 1)
    assert answer.json["refusals"] == [{"id": 2, "to": "+33698765432", "reason": "opted_out"}]
    messages = (await client.get(f"/v1/messages?batch={answer.json['id']}")).json
    assert [message["state"] for message in reversed(messages)] == ["queued", "refused"]
    assert (await client.get(f"/v1/batches/{answer.json['id']}")).json == {
        key: value for key, value in answer.json.items() if key not in ("warnings", "left_out", "repeated", "estimate")
    }
    assert [batch["id"] for batch in (await client.get("/v1/batches")).json] == [answer.json["id"]]


async def test_a_batch_with_a_key_is_accepted_once(client: Client) -> None:
    """The same file under the same key is answered again; another file under it is refused."""
    rows = f"to,text,class\n{ALICE},hello,transactional\n".encode()
    first = await client.call("POST", "/v1/batches?key=k", rows, "text/csv")
    again = await client.call("POST", "/v1/batches?key=k", rows, "text/csv")
    other = await client.call("POST", "/v1/batches?key=k", rows + rows[14:], "text/csv")
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert (other.status, other.code) == (409, "key_reused")
    assert len((await client.get("/v1/messages")).json) == 1


async def test_a_malformed_batch_is_refused_whole(client: Client) -> None:
    """One bad row rejects the file; every bad row is named by its line."""
    rows = f"to,text,class\n{ALICE},hello,otp\nnobody,hello,otp\n{ALICE},hello,spam\n{ALICE},hello\n"
    answer = await client.call("POST", "/v1/batches", rows.encode(), "text/csv")
    assert (answer.status, answer.code) == (422, "bad_rows")
    assert sorted(problem.split(":")[0] for problem in answer.json["problems"]) == [
        "line 3",
        "line 4",
        "line 5",
    ]
    assert (await client.get("/v1/messages")).json == []


async def test_a_batch_that_is_no_text_is_refused(client: Client) -> None:
    """A CSV in no known encoding is told where."""
    answer = await client.call("POST", "/v1/batches", b"to,text,class\n\x81", "text/csv")
    assert (answer.status, answer.code) == (422, "bad_encoding")
    assert "at byte 14" in answer.json["detail"]


async def test_a_batch_that_is_too_large_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a limit, and it is told."""
    monkeypatch.setattr(messages, "LARGEST_CSV", 1024 * 1024)
    answer = await client.call("POST", "/v1/batches", b"x" * (1024 * 1024 + 1), "text/csv")
    assert (answer.status, answer.code) == (413, "too_large")
    assert "at most 1 MiB" in answer.json["detail"]


async def test_messages_are_listed_by_id_state_and_limit(client: Client) -> None:
    """The list is newest first and can be narrowed; 0 means all."""
    for number in range(3):
        await client.post("/v1/messages", HELLO | {"text": str(number)})
    assert [row["id"] for row in (await client.get("/v1/messages?limit=2")).json] == [3, 2]
    assert [row["id"] for row in (await client.get("/v1/messages?limit=0")).json] == [3, 2, 1]
    assert [row["text"] for row in (await client.get("/v1/messages?id=2&state=queued")).json] == ["1"]
    assert (await client.get("/v1/messages?state=sent")).json == []


async def test_a_message_tells_its_story(client: Client) -> None:
    """One message comes with its events."""
    await client.post("/v1/messages", HELLO)
    found = (await client.get("/v1/messages/1")).json
    assert (found["id"], [event["what"] for event in found["events"]]) == (1, ["message queued"])


async def test_the_inbox_is_listed(client: Client, assembled: AssembledService) -> None:
    """Inbound messages are listed with sender, SIM and times."""
    arrival = Arrival("8933010000000000010", b"1", ALICE, "text", "hi", NOON)
    await assembled.store.write(lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", ""), NOON))
    (row,) = (await client.get("/v1/inbox")).json
    assert (row["from"], row["text"], row["to_sim"]) == (ALICE, "hi", "8933010000000000010")
    assert (await client.get("/v1/inbox?id=2")).json == []


async def test_opt_outs_are_listed(client: Client, assembled: AssembledService) -> None:
    """Who has opted out is listed with the word."""
    await assembled.stop_word(ALICE)
    (row,) = (await client.get("/v1/optouts?limit=1")).json
    assert (row["number"], row["word"]) == (ALICE, "stop")


async def test_modems_and_status_tell_what_is_known(client: Client, assembled: AssembledService) -> None:
    """A modem that nothing is known of is listed as configured; no message can pass, and what waits is counted."""
    (modem,) = (await client.get("/v1/modems")).json
    assert (modem["name"], modem["health"], modem["imei"]) == ("west", "stopped", None)
    await client.post("/v1/messages", HELLO)
    new = status_reports.NewReport(
        "sim", b"1", ReportFacts(1, ALICE, None), status_reports.DeliveryOutcome.DELIVERED, 0, None
    )
    await assembled.store.write(lambda db: status_reports.record_report(db, new, lambda told, attempts: None, NOON))
    status = (await client.get("/v1/status")).json
    assert (status["can_send"], status["modems"]) == (False, [modem])
    assert [(row["state"], row["messages"]) for row in status["waiting"]] == [("queued", 1)]
    assert (status["unmatched_reports"], status["opted_out"]) == (1, 0)


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        pytest.param("GET", "/", 404, "no_route", id="root"),
        pytest.param("GET", "/v2/messages", 404, "no_route", id="unknown route"),
        pytest.param("GET", "/docs", 404, "no_route", id="no pages of the framework's"),
        pytest.param("DELETE", "/v1/messages", 405, "wrong_method", id="wrong method"),
        pytest.param("GET", "/v1/batches/7", 404, "not_found", id="no such batch"),
        pytest.param("GET", "/v1/messages/7", 404, "not_found", id="no such message"),
        pytest.param("GET", "/v1/messages/x", 422, "bad_request", id="id is no number"),
        pytest.param("GET", "/v1/messages/0", 422, "bad_request", id="id is no id"),
        pytest.param("GET", f"/v1/messages/{2**63}", 422, "bad_request", id="id beyond the database's"),
        pytest.param("GET", "/v1/messages?state=lost", 422, "bad_state", id="unknown state"),
        pytest.param("GET", "/v1/messages?id=0", 422, "bad_request", id="query id is no id"),
        *(
            pytest.param("GET", f"/v1/{route}?limit={limit}", 422, "bad_request", id=f"{route} limit {limit}")
            for route in ("messages", "batches", "reports", "inbox", "optouts")
            for limit in (-1, "many", 2**63)
        ),
    ],
)
async def test_every_error_has_one_body(client: Client, method: str, target: str, status: int, code: str) -> None:
    """Whatever is wrong with a request, the answer is the same JSON shape."""
    answer = await client.call(method, target)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("target", "methods"),
    [
        pytest.param("/v1/status", "GET", id="one"),
        pytest.param("/v1/messages", "GET, POST", id="two"),
        pytest.param("/v1/messages/preview", "POST", id="not those of the route for an id"),
        pytest.param("/v1/schedules/caf%C3%A9", "GET", id="a path that is escaped"),
        pytest.param("/openapi.json", "GET, HEAD", id="a route of the framework's"),
    ],
)
async def test_a_wrong_method_names_the_right_ones(client: Client, target: str, methods: str) -> None:
    """405 says in Allow, and in words, all that the path takes."""
    answer = await client.call("DELETE", target)
    assert sorted(answer.headers["allow"].split(", ")) == methods.split(", ")
    assert answer.json["detail"].endswith(f"; it takes {answer.headers['allow']}")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        pytest.param(StoreError("it is busy"), 503, "store", id="the store"),
        pytest.param(StoreUnavailable(ErrorCode.DISK_FULL, "make room"), 503, "disk_full", id="a full disk"),
        pytest.param(sqlite3.OperationalError("no such table"), 500, "internal", id="a mistake of ours"),
    ],
)
@pytest.mark.parametrize("route", [route for route in ROUTES if route != "/v1/modems"])
async def test_failures_within_have_the_same_body(
    assembled: AssembledService,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    error: Exception,
    status: int,
    code: str,
) -> None:
    """A failing store is 503 with its words; a mistake of ours is 500 without its insides, and reaches the server's log."""

    async def fails(query: object) -> None:
        raise error

    monkeypatch.setattr(assembled.store, "read", fails)
    answer = await client.get(route)
    assert (answer.status, answer.code) == (status, code)
    assert ("no such table" in answer.json["detail"]) is False
    assert (answer.raised is error) == (status == 500)


async def test_the_inbox_is_narrowed_to_a_kind(client: Client, assembled: AssembledService) -> None:
    """A kind that there is none of is 422."""
    await assembled.store.write(lambda db: inbox.store_missed_call(db, WEST, ALICE, NOON))
    assert [row["kind"] for row in (await client.get("/v1/inbox?kind=call")).json] == ["call"]
    assert (await client.get("/v1/inbox?kind=mms")).json == []
    answer = await client.get("/v1/inbox?kind=picture")
    assert (answer.status, answer.code) == (422, "bad_kind")


async def test_a_sim_is_admitted(client: Client, assembled: AssembledService) -> None:
    """Then the modems look again. One that nobody has met is 404."""
    await assembled.store.write(lambda db: sims.record_sim(db, WEST, None, None, "861234029413211", NOON, admit=False))
    assert [row["admitted_at"] for row in (await client.get("/v1/sims")).json] == [None]
    admitted = await client.post(f"/v1/sims/{WEST}/admit", {})
    assert admitted.status == 200
    assert (await client.get("/v1/sims")).json == [admitted.json]
    answer = await client.post("/v1/sims/8933010000000000099/admit", {})
    assert (answer.status, answer.code) == (404, "no_sim")


async def test_another_program_that_holds_the_database_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A submit is 503 and names the lock; status and healthz say that nothing passes; no traceback is logged; and then it goes
    on by itself."""
    monkeypatch.setattr(connection, "BUSY_MS", 10)
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        with contextlib.closing(sqlite3.connect(assembled.settings.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await client.post("/v1/messages", HELLO)
            assert (answer.status, answer.code) == (503, "locked")
            assert "another program holds the database" in answer.json["detail"]
            health = await client.get("/healthz")
            assert (health.status, health.code) == (503, "locked")
            status = (await client.get("/v1/status")).json
            assert (status["can_send"], status["trouble"]["code"]) == (False, "locked")
            other.execute("ROLLBACK")
        assert await assembled.store.retry_write()
        assert (await client.post("/v1/messages", HELLO)).status == 202
    assert [record for record in caplog.records if record.exc_info] == []


def test_nobody_is_told_what_is_sent(assembled: AssembledService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of the process asks of the framework."""
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    app = application.create_app(assembled.service)
    settings = getattr(app, "_telemetry", {})  # of older versions of FastAPI there are none
    assert not any(settings[each] for each in settings if each in application.NO_TELEMETRY)
