"""The doors for alerts: who may post, what becomes of it, and what is answered if nothing can be stored."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modemd.client_work import for_clients
from modemd.errors import ErrorCode, StoreUnavailable
from tests.api.client import Client, narrow_app
from tests.api.doors.made_keys import ALERTS_KEY, MESSAGES_KEY, make_key, make_keys
from tests.api.doors.served import served_on_tcp
from tests.rules.alerts.test_alert_group import GRAFANA, GROUP
from tests.service.assembled import AssembledService, all_rows, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
RECEIVERS = {"receivers": {"on-call": [ALICE, BOB], "sms": [ALICE]}}
DOORS: dict[str, Any] = {"alertmanager": RECEIVERS, "grafana": RECEIVERS}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, doors=DOORS) as assembled:
        await make_keys(assembled)
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    """A client of the Unix socket."""
    return Client(narrow_app(assembled.service))


@pytest.fixture
async def port(assembled: AssembledService) -> AsyncIterator[int]:
    async with served_on_tcp(assembled) as port:
        yield port


def post(port: int, path: str, document: Any, authorization: str | None, **more: str) -> tuple[int, Any]:
    """Status and document of an answer."""
    headers = more | {"Content-Type": "application/json"} | ({"Authorization": authorization} if authorization else {})
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(document).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - our own
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("authorization", [f"Bearer {ALERTS_KEY}", f"bearer  {ALERTS_KEY}", basic("am", ALERTS_KEY)])
async def test_a_group_becomes_a_text(port: int, authorization: str) -> None:
    """The client shows its key as a bearer, or as a password; the answer names receiver, outcome and messages."""
    answer = await asyncio.to_thread(post, port, "/doors/alertmanager/on-call", GROUP, authorization)
    assert answer == (200, {"receiver": "on-call", "outcome": "accepted", "messages": [1, 2]})
    answer = await asyncio.to_thread(post, port, "/doors/alertmanager/on-call", GROUP, authorization)
    assert answer == (200, {"receiver": "on-call", "outcome": "repeated", "messages": []})
    answer = await asyncio.to_thread(post, port, "/doors/grafana", GRAFANA, authorization)
    assert answer == (200, {"receiver": "sms", "outcome": "accepted", "messages": [3]})


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        pytest.param(None, 401, "unauthorized", id="no key"),
        pytest.param("Bearer nonsense", 401, "unauthorized", id="a wrong key"),
        pytest.param("Bearer", 401, "unauthorized", id="an empty key"),
        pytest.param("Digest x", 401, "unauthorized", id="another scheme"),
        pytest.param("Basic ???", 401, "unauthorized", id="no base64"),
        pytest.param(basic("am", "nonsense"), 401, "unauthorized", id="a wrong password"),
        pytest.param(f"Bearer {MESSAGES_KEY}", 403, "forbidden", id="a key for something else"),
    ],
)
async def test_without_the_right_key_nothing_happens(
    port: int, assembled: AssembledService, authorization: str | None, status: int, code: str
) -> None:
    """Refused before the body is looked at, and nothing is stored."""
    for document in (GROUP, {}):
        answer, told = await asyncio.to_thread(post, port, "/doors/alertmanager/on-call", document, authorization)
        assert (answer, told["code"]) == (status, code)
    count = await assembled.store.read(lambda db: db.execute("SELECT count(*) FROM message").fetchone()[0])
    assert count == 0


async def test_grafana_signs_and_a_template_makes_the_text(tmp_path: Path) -> None:
    """With a key alone the door stays closed, if a secret is configured; the body is what was signed, to the octet."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    secret.chmod(0o600)
    door = {"receivers": {"sms": ["+33612345678"]}, "hmac_secret_file": str(secret), "text": "{labels.alertname}!"}
    async with assembled_service(tmp_path, doors={"grafana": door}) as assembled:
        await make_keys(assembled)
        signature = hmac.new(b"s3cret", json.dumps(GRAFANA).encode(), hashlib.sha256).hexdigest()
        async with served_on_tcp(assembled) as port:
            for header, status in (("", 401), ("0" * 64, 401), (signature, 200)):
                more = {"X-Grafana-Alerting-Signature": header} if header else {}
                answer, _ = await asyncio.to_thread(
                    post, port, "/doors/grafana", GRAFANA, f"Bearer {ALERTS_KEY}", **more
                )
                assert answer == status
        rows = await assembled.store.read(lambda db: db.execute("SELECT text FROM message").fetchall())
        names = dict.fromkeys(each["labels"]["alertname"] for each in GRAFANA["alerts"])
        assert [row["text"] for row in rows] == [f"{', '.join(names)}!"]


async def test_after_too_many_tries_only_a_valid_key_is_heard(port: int) -> None:
    """Ten wrong ones in a minute are answered, and no more."""
    statuses = [
        (await asyncio.to_thread(post, port, "/doors/alertmanager", GROUP, authorization))[0]
        for authorization in [*["Bearer x"] * 11, f"Bearer {ALERTS_KEY}"]
    ]
    assert statuses == [401] * 10 + [429, 200]


async def test_what_a_key_is_bound_to_counts(port: int, assembled: AssembledService) -> None:
    """Its SIM sends the texts; its rate is kept; the audit log has its name."""
    sim = "8933010000000000010"
    await make_key(assembled, "mk_bound", "alerts:write", lines=(sim,), per_minute=1)
    for status in (200, 429):
        answer, _ = await asyncio.to_thread(post, port, "/doors/grafana/sms", GRAFANA, "Bearer mk_bound")
        assert answer == status
    rows = await assembled.store.read(lambda db: db.execute("SELECT pinned FROM message").fetchall())
    assert [row["pinned"] for row in rows] == [sim]
    with for_clients():
        await assembled.store.write(lambda db: None)  # the log is written with the next commit of a client
    (change,) = await all_rows(await assembled.service.keys.list_changes(None, 10))
    assert (change.name, change.method, change.route, change.status) == ("bound", "POST", "/doors/grafana/sms", 200)


async def test_the_unix_socket_needs_no_key(client: Client) -> None:
    """The rights of its file have let the client in."""
    answer = await client.post("/doors/alertmanager/on-call", GROUP)
    assert (answer.status, answer.json["outcome"]) == (200, "accepted")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        pytest.param("/doors/alertmanager/day", json.dumps(GROUP), 404, "no_receiver", id="no such receiver"),
        pytest.param("/doors/alertmanager/on-call", "{", 422, "bad_request", id="no JSON"),
        pytest.param("/doors/alertmanager/on-call", "[" * 200_000, 422, "bad_request", id="nested"),
        pytest.param("/doors/alertmanager/on-call", "\xff", 422, "bad_request", id="no UTF-8"),
        pytest.param("/doors/alertmanager/on-call", "[]", 422, "bad_request", id="no group"),
        pytest.param("/doors/alertmanager/on-call", "x" * (1024 * 1024 + 1), 413, "too_large", id="too large"),
        pytest.param("/doors/zabbix", "{}", 404, "no_route", id="no such door"),
        pytest.param("/http_api/send_sms", "", 404, "door_closed", id="a closed door"),
    ],
)
async def test_what_cannot_be_told_is_refused(client: Client, path: str, body: str, status: int, code: str) -> None:
    """With a code; Alertmanager tries none of these again."""
    answer = await client.call("POST", path, body.encode("latin-1"))
    assert (answer.status, answer.code) == (status, code)


async def test_a_thousand_alerts_are_one_text(client: Client, assembled: AssembledService) -> None:
    """Of two parts, as Alertmanager posts them after a great failure."""
    (first, _) = GROUP["alerts"]
    many = [
        first | {"fingerprint": f"{n:016x}", "labels": first["labels"] | {"instance": f"db{n}", "team": "x" * 500}}
        for n in range(1000)
    ]
    answer = await client.post("/doors/alertmanager", GROUP | {"alerts": many, "truncatedAlerts": 5})
    assert (answer.status, answer.json["messages"]) == (200, [1])
    rows = await assembled.store.read(lambda db: db.execute("SELECT text, parts FROM message").fetchall())
    assert [row["parts"] for row in rows] == [2]
    assert rows[0]["text"].startswith("[FIRING:1000+5] HighLoad db0, db1, ")


async def test_a_full_disk_is_told_by_503(
    client: Client, assembled: AssembledService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that Alertmanager tries again; once the disk takes it, the text goes out."""

    async def write(change: object) -> object:
        raise StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full")

    with monkeypatch.context() as full:
        full.setattr(assembled.store, "write", write)
        answer = await client.post("/doors/alertmanager/on-call", GROUP)
        assert (answer.status, answer.code) == (503, "disk_full")
    answer = await client.post("/doors/alertmanager/on-call", GROUP)
    assert (answer.status, answer.json["outcome"]) == (200, "accepted")


async def test_nobody_whom_one_may_write_to_is_409(tmp_path: Path) -> None:
    """The messages are stored as refused; Alertmanager counts a failed notification."""
    async with assembled_service(tmp_path, doors=DOORS, geography={"countries": ["DE"]}) as assembled:
        answer = await Client(narrow_app(assembled.service)).post("/doors/alertmanager/sms", GROUP)
        assert (answer.status, answer.json) == (409, {"receiver": "sms", "outcome": "refused", "messages": [1]})
