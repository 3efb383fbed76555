"""The door for clients of SMSEagle: each of its three forms, read and answered as its clients do."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from modemd.errors import ErrorCode, StoreUnavailable
from tests.api.client import Client, narrow_app
from tests.api.doors.made_keys import ALERTS_KEY, MESSAGES_KEY, make_key, make_keys
from tests.api.doors.served import served_on_tcp
from tests.service.assembled import AssembledService, all_rows, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
V1, RPC, V2 = "/http_api/send_sms", "/jsonrpc/sms", "/api/v2/messages/sms"
KEY = {"access_token": MESSAGES_KEY}
HELLO = KEY | {"to": ALICE, "message": "hello"}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, doors={"smseagle": {}}, timezone="Europe/Paris") as assembled:
        await make_keys(assembled)
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    """A client of the Unix socket."""
    return Client(narrow_app(assembled.service))


async def stored(assembled: AssembledService, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of each message."""
    sql = f"SELECT {', '.join(columns)} FROM message ORDER BY id"
    return [tuple(row) for row in await assembled.store.read(lambda db: db.execute(sql).fetchall())]


async def v1(client: Client, place: str = "", **given: str) -> tuple[int, str, str]:
    """Status, type and body of the answer to a GET of version 1."""
    answer = await client.get(f"{place}{V1}?{urlencode(given)}")
    return answer.status, answer.headers["content-type"].partition(";")[0], answer.body.decode()


async def rpc(client: Client, **params: Any) -> tuple[int, Any]:
    """Status and result of the answer to a JSON-RPC."""
    answer = await client.post(RPC, {"method": "sms.send_sms", "params": params})
    assert list(answer.json) == ["result"]
    return answer.status, answer.json["result"]


@pytest.mark.parametrize("place", ["", "/index.php", "/doors/smseagle", "/doors/smseagle/index.php"])
async def test_version_1_sends_a_message(client: Client, assembled: AssembledService, place: str) -> None:
    """Under each of its paths; the answer begins with OK."""
    assert await v1(client, place, **HELLO) == (200, "text/plain", "OK; ID=1")
    assert await stored(assembled, "number", "text", "class") == [(ALICE, "hello", "transactional")]


async def test_version_1_sends_to_several(client: Client, assembled: AssembledService) -> None:
    """A line for each recipient; one that is no number, or is named twice, spoils nothing."""
    to = f"{ALICE}, {BOB},nobody,{ALICE}"
    status, _, body = await v1(client, **HELLO | {"to": to})
    lines = body.splitlines()
    assert (status, lines[:2]) == (200, ["OK; ID=1", "OK; ID=2"])
    assert lines[2].startswith("Wrong parameters; 'nobody'")
    assert len(lines) == 3
    _, kind, body = await v1(client, **HELLO | {"to": f"{ALICE},{BOB}", "responsetype": "xml"})
    item = "<item><message_id>{}</message_id><status>ok</status></item>"
    assert (kind, body) == ("text/xml", f"<xml>{item.format(3)}{item.format(4)}</xml>")
    assert [number for (number,) in await stored(assembled, "number")] == [ALICE, BOB, ALICE, BOB]
    _, _, body = await v1(client, **HELLO | {"to": f"{ALICE},<x>&", "responsetype": "xml"})
    assert "<error_text>'&lt;x&gt;&amp;' is" in body


@pytest.mark.parametrize("to", ["+33612345678", "33612345678", "%2B33612345678"])
async def test_a_number_is_read_however_it_comes(client: Client, assembled: AssembledService, to: str) -> None:
    """With a + that is not escaped, which a URL makes a blank; without; and escaped."""
    answer = await client.get(f"{V1}?access_token={MESSAGES_KEY}&message=hello&to={to}")
    assert answer.body == b"OK; ID=1"
    assert await stored(assembled, "number") == [(ALICE,)]


async def test_to_look_sends_nothing(client: Client, assembled: AssembledService) -> None:
    """HEAD is no method of a route that sends."""
    answer = await client.call("HEAD", f"{V1}?{urlencode(HELLO)}")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    assert await stored(assembled, "id") == []


async def test_a_plus_that_became_a_blank_stays_a_plus(tmp_path: Path) -> None:
    """Though the number without it would be one of the configured country."""
    async with assembled_service(tmp_path, doors={"smseagle": {}}, country="DE") as assembled:
        client = Client(narrow_app(assembled.service))
        for to in ("+33612345678", "33612345678"):
            await client.get(f"{V1}?access_token={MESSAGES_KEY}&message=hello&to={to}")
        assert await stored(assembled, "number") == [(ALICE,), ("+4933612345678",)]


async def test_a_form_may_be_posted(client: Client, assembled: AssembledService) -> None:
    """As PRTG does."""
    body = urlencode(HELLO | {"message": "é & ü"}).encode()
    answer = await client.call("POST", V1, body, "application/x-www-form-urlencoded")
    assert (answer.status, answer.body) == (200, b"OK; ID=1")
    assert await stored(assembled, "text") == [("é & ü",)]


async def test_time_validity_and_own_id_are_obeyed(client: Client, assembled: AssembledService) -> None:
    """`date` is a local time; `oid` sends nothing twice; `test` sends nothing."""
    wishes = {"date": "202611221800", "validity": "2h", "oid": "id 1"}
    for _ in range(2):
        assert await v1(client, **HELLO | {"to": f"{ALICE},{BOB}"} | wishes) == (
            200,
            "text/plain",
            "OK; ID=1\nOK; ID=2",
        )
    assert (await v1(client, **HELLO | {"message": "other"} | wishes))[0] == 409
    assert await v1(client, **HELLO, test="1") == (200, "text/plain", "OK; ID=0")
    rows = await stored(assembled, "at", "expires_at", "key")
    assert [(at[11:16], expires_at[11:16], key) for at, expires_at, key in rows] == [
        ("17:00", "19:00", "smseagle:id 1:0"),
        ("17:00", "19:00", "smseagle:id 1:1"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"to": ""}, id="no recipient"),
        pytest.param({"to": "nobody"}, id="no number"),
        pytest.param({"to": ",".join(f"+336123{n:05}" for n in range(101))}, id="too many recipients"),
        pytest.param({"message": ""}, id="no text"),
        pytest.param({"message": "a\x07"}, id="a control character"),
        pytest.param({"date": "tomorrow"}, id="no date"),
        pytest.param({"date": "202613010000"}, id="no such month"),
        pytest.param({"date": "202011010000"}, id="a time that is past"),
        pytest.param({"validity": "5"}, id="no validity"),
        pytest.param({"oid": "x" * 37}, id="a long id"),
        pytest.param({"message_type": "mms"}, id="no SMS"),
        pytest.param({f"x{n}": "" for n in range(50)}, id="too many parameters"),
    ],
)
async def test_wrong_parameters_are_told(client: Client, assembled: AssembledService, wrong: dict[str, str]) -> None:
    """In the words of the box, in each form; nothing is stored."""
    assert await v1(client, **HELLO | wrong) == (422, "text/plain", "Wrong parameters")
    if len(wrong) == 1:
        xml = "<xml><error_text>Wrong parameters</error_text><status>error</status></xml>"
        assert await v1(client, **HELLO | wrong, responsetype="xml") == (422, "text/xml", xml)
        assert await rpc(client, **HELLO | wrong) == (422, "Wrong parameters")
        extended = {"error_text": "Wrong parameters", "status": "error"}
        assert await rpc(client, **HELLO | wrong, responsetype="extended") == (422, extended)
    assert await stored(assembled, "id") == []


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        pytest.param({}, 401, "Invalid access token", id="no key"),
        pytest.param({"access_token": "x"}, 401, "Invalid access token", id="a wrong key"),
        pytest.param({"access_token": ALERTS_KEY}, 403, "Invalid access token", id="a key for something else"),
        pytest.param({"login": "me", "pass": "x"}, 401, "Invalid login or password", id="a wrong password"),
        pytest.param({"login": "me"}, 401, "Invalid login or password", id="no password"),
        pytest.param({"login": "me", "pass": MESSAGES_KEY}, 200, "OK; ID=1", id="a password"),
    ],
)
async def test_on_tcp_a_key_is_needed(
    assembled: AssembledService, given: dict[str, str], status: int, words: str
) -> None:
    """A key, or a login whose password is the key."""
    async with served_on_tcp(assembled) as port:
        query = urlencode({"to": ALICE, "message": "hello"} | given)
        assert await ask(port, f"GET {V1}?{query} HTTP/1.1\r\n") == (status, words)
    assert len(await stored(assembled, "id")) == (status == 200)


@pytest.mark.parametrize(
    ("header", "status"),
    [("", 401), ("access-token: x\r\n", 401), (f"Access-Token: {ALERTS_KEY}\r\n", 403),
     (f"access-token: {MESSAGES_KEY}\r\n", 200), (f"Authorization: Bearer {MESSAGES_KEY}\r\n", 200)],
)  # fmt: skip
async def test_version_2_has_the_key_in_a_header(assembled: AssembledService, header: str, status: int) -> None:
    """Its own, or the usual one. Without the right key it is not said what is wrong with the body."""
    body = json.dumps({"to": [ALICE], "text": "hello"} if status == 200 else {})
    async with served_on_tcp(assembled) as port:
        head = f"POST {V2} HTTP/1.1\r\n{header}Content-Length: {len(body)}\r\n"
        told, answer = await ask(port, head, body)
    assert told == status
    if status != 200:
        assert json.loads(answer)["message"].startswith("Invalid access token: ")
    assert len(await stored(assembled, "id")) == (status == 200)


async def test_what_a_key_is_bound_to_counts(assembled: AssembledService) -> None:
    """Its SIM sends the messages; its budget is kept; its ids are its own; the audit log has what a GET has sent."""
    sim, wish = "8933010000000000010", {"to": ALICE, "message": "hello", "oid": "one"}
    await make_key(assembled, "mk_bound", "messages:write", lines=(sim,), per_day=1)
    async with served_on_tcp(assembled) as port:

        async def send(key: str, **more: str) -> tuple[int, str]:
            return await ask(port, f"GET {V1}?{urlencode(wish | {'access_token': key} | more)} HTTP/1.1\r\n")

        assert await send("mk_bound", to=f"{ALICE},{BOB}") == (429, "Too many requests; try again later")
        assert await send("mk_bound") == (200, "OK; ID=1")
        assert await send(MESSAGES_KEY) == (200, "OK; ID=2")
        assert await send(MESSAGES_KEY) == (200, "OK; ID=2")
        assert await send("mk_bound", oid="two") == (429, "Too many requests; try again later")
        assert [await send("x") for _ in range(11)][-1] == (429, "Too many requests; try again later")
    assert await stored(assembled, "pinned") == [(sim,), (None,)]
    changes = await all_rows(await assembled.service.keys.list_changes(None, 10))
    assert {(each.name, each.method, each.route) for each in changes} == {
        ("bound", "GET", V1), ("for-messages", "GET", V1),
    }  # fmt: skip


async def test_a_key_of_several_sims_does_not_say_which(assembled: AssembledService) -> None:
    """No client of SMSEagle can: the answer is 403."""
    await make_key(assembled, "mk_bound", "messages:write", lines=("8933010000000000010", "8933010000000000028"))
    async with served_on_tcp(assembled) as port:
        query = urlencode({"to": ALICE, "message": "hello", "access_token": "mk_bound"})
        assert await ask(port, f"GET {V1}?{query} HTTP/1.1\r\n") == (403, "Wrong parameters")
    assert await stored(assembled, "id") == []


async def ask(port: int, head: str, body: str = "") -> tuple[int, str]:
    """Status and body of the answer to a request over TCP."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{head}Host: x\r\nConnection: close\r\n\r\n{body}".encode())
    told, _, answer = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(told.split()[1]), answer


async def test_a_json_rpc_sends_messages(client: Client, assembled: AssembledService) -> None:
    """The words of the box, or an object a message; a call that has an id gets it back."""
    assert await rpc(client, **HELLO) == (200, "OK; ID=1")
    assert await rpc(client, **HELLO, responsetype="extended") == (200, {"message_id": 2, "status": "ok"})
    results = [{"message_id": 3, "status": "ok"}, {"message_id": 4, "status": "ok"}]
    assert await rpc(client, **HELLO | {"to": f"{ALICE},{BOB}"}, responsetype="extended") == (200, results)
    assert await rpc(client, **HELLO | {"to": int(ALICE)}) == (200, "OK; ID=5")
    call = {"jsonrpc": "2.0", "id": 7, "method": "sms.send_sms", "params": HELLO}
    assert (await client.post(RPC, call)).json == {"jsonrpc": "2.0", "id": 7, "result": "OK; ID=6"}
    assert {number for (number,) in await stored(assembled, "number")} == {ALICE, BOB}


@pytest.mark.parametrize("body", ["{", "[]", '{"params": []}', "[" * 100_000])
async def test_a_garbled_call_is_refused(client: Client, body: str) -> None:
    """Whatever is in it."""
    answer = await client.call("POST", RPC, body.encode())
    assert (answer.status, answer.json) == (422, {"result": "Wrong parameters"})


async def test_an_unknown_method_is_refused(client: Client) -> None:
    """Groups, contacts and calls are the box's own."""
    answer = await client.post(RPC, {"method": "sms.send_togroup", "params": KEY | {"groupname": "x", "message": "y"}})
    assert (answer.status, answer.json["result"]) == (422, "Wrong parameters")


async def test_half_a_surrogate_pair_is_refused(client: Client) -> None:
    """JSON can escape it; it is no character."""
    for key in ("to", "message", "oid"):
        body = json.dumps({"method": "sms.send_sms", "params": HELLO | {key: "\ud800"}}).encode()
        answer = await client.call("POST", RPC, body)
        assert (answer.status, answer.json) == (422, {"result": "Wrong parameters"})
    answer = await client.post(V2, {"to": [ALICE, "\ud800"], "text": "hello"})
    assert answer.status == 422


async def test_uptime_kuma_is_answered_as_it_reads(client: Client, assembled: AssembledService) -> None:
    """Its call of version 2, as recorded: it counts the messages that are queued, over all."""
    recorded = {"text": "[db1] [🔴 Down] timeout", "encoding": "unicode", "priority": 0, "to": [ALICE, " " + BOB, "x"]}
    answer = await client.post("/doors/smseagle" + V2, recorded)
    assert answer.status == 200
    assert [each["status"] for each in answer.json] == ["queued", "queued", "error"]
    assert [each.get("id") for each in answer.json] == [1, 2, None]
    assert [text for (text,) in await stored(assembled, "text")] == [recorded["text"]] * 2
    for wrong in ({"to": ["x"]}, {"contacts": [1]}, {"groups": [1], "to": [ALICE]}):
        answer = await client.post(V2, {"text": "hello"} | wrong)
        assert answer.status == 422
        assert answer.json["message"].startswith("Wrong parameters: ")


RECORDED = {
    # axios of Uptime Kuma, with the settings SMS, priority 1, Unicode
    "Uptime Kuma": (
        f"POST {V2} HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\naccess-token: {MESSAGES_KEY}\r\n"
        "Content-Type: application/json\r\nUser-Agent: axios/0.30.3\r\nAccept-Encoding: gzip, compress, deflate, br\r\n",
        json.dumps(
            {"text": "[shop] [🔴 Down] timeout", "encoding": "unicode", "priority": "1", "to": [ALICE, BOB]},
            ensure_ascii=False,
        ),
        '[{"id":1,"status":"queued","number":"+33612345678"},{"id":2,"status":"queued","number":"+33698765432"}]',
        "[shop] [🔴 Down] timeout",
    ),
    # the action "Execute HTTP Action" of PRTG: no header of its own; %-variables are replaced before
    "PRTG, with GET": (
        f"GET /index.php{V1}?access_token={MESSAGES_KEY}&to=%2b33612345678%2c+%2b33698765432"
        "&message=%5bPRTG%5d+core-sw+Ping+%28Ping%29+Down&highpriority=1 HTTP/1.1\r\nUser-Agent: PRTG Network Monitor\r\n"
        "Accept: */*\r\n",
        "",
        "OK; ID=1\nOK; ID=2",
        "[PRTG] core-sw Ping (Ping) Down",
    ),
    "PRTG, with POST": (
        f"POST {V1} HTTP/1.1\r\nUser-Agent: PRTG Network Monitor\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        f"login=prtg&pass={MESSAGES_KEY}&to=33612345678,33698765432&message=core-sw+Down&unicode=0&flash=0&modem_no=1",
        "OK; ID=1\nOK; ID=2",
        "core-sw Down",
    ),
}


@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_request_is_answered_as_its_program_reads(assembled: AssembledService, name: str) -> None:
    """Over TCP, as the program sends it: both recipients get the text."""
    head, body, answer, text = RECORDED[name]
    async with served_on_tcp(assembled) as port:
        more = f"Content-Length: {len(body.encode())}\r\n" if body else ""
        assert await ask(port, head + more, body) == (200, answer)
    assert await stored(assembled, "number", "text") == [(ALICE, text), (BOB, text)]


async def test_consent_and_the_class_of_the_door_count(tmp_path: Path) -> None:
    """A message to somebody who said STOP is stored as refused, and the answer says so in each form."""
    async with assembled_service(tmp_path, doors={"smseagle": {"message_class": "marketing"}}) as assembled:
        client = Client(narrow_app(assembled.service))
        await assembled.stop_word(ALICE)
        assert await v1(client, **HELLO) == (409, "text/plain", "Wrong parameters; opted_out")
        both = await rpc(client, **HELLO | {"to": f"{ALICE},{BOB}"}, responsetype="extended")
        refused = {"message_id": 2, "status": "error", "error_text": "opted_out"}
        assert both == (200, [refused, {"message_id": 3, "status": "ok"}])
        assert await stored(assembled, "class", "state") == [
            ("marketing", "refused"), ("marketing", "refused"), ("marketing", "queued"),
        ]  # fmt: skip


async def test_a_full_disk_is_503(client: Client, assembled: AssembledService, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing that a client could take for success."""

    async def write(change: object) -> object:
        raise StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full")

    monkeypatch.setattr(assembled.store, "write", write)
    assert await v1(client, **HELLO) == (503, "text/plain", "Service unavailable; try again later")
    answer = await client.post(V2, {"to": [ALICE], "text": "hello"})
    assert (answer.status, answer.json) == (503, {"message": "Service unavailable; try again later: the disk is full"})


@pytest.mark.parametrize(
    ("key", "wishes", "texts"),
    [
        pytest.param(MESSAGES_KEY, "batch=yes&priority=high&status=yes", 2, id="in a batch"),
        pytest.param(MESSAGES_KEY, "test=yes&batch=yes", 0, id="in a test"),
        pytest.param("a-wrong-key", "batch=yes", None, id="with a wrong key"),
    ],
)
async def test_apprise_sends_unmodified(
    assembled: AssembledService, tmp_path: Path, key: str, wishes: str, texts: int | None
) -> None:
    """Through its plug-in for SMSEagle, a program of its own, over TCP: it ends with 0 if every message was taken."""
    program = Path(sys.executable).with_name("apprise")
    async with served_on_tcp(assembled) as port:
        url = f"smseagle://{key}@127.0.0.1:{port}/{ALICE}/{BOB}?{wishes}"
        process = await asyncio.create_subprocess_exec(
            program, "-v", "--title", "Alert", "--body", "db1 is down: é €", url,
            env={"HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    assert (process.returncode == 0) == (texts is not None), said.decode()
    rows = await stored(assembled, "number", "text")
    assert {number for number, _ in rows} == ({ALICE, BOB} if texts else set())
    assert all("db1 is down: é €" in text for _, text in rows)
