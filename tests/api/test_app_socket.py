"""The API on its real socket: odd requests, floods, and clients that go away in the middle."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modemd.api.app import create_app
from modemd.http.bounded import Bounds
from modemd.http.unix import listening, serving
from tests.service.assembled import AssembledService, all_rows, assembled_service

ALICE = "+33612345678"
HELLO = {"to": ALICE, "text": "hello"}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


@pytest.fixture
async def path(assembled: AssembledService, tmp_path: Path) -> AsyncIterator[Path]:
    """The socket of a server over the service."""
    path = tmp_path / "api.sock"
    with listening(path) as listener:
        async with serving(create_app(assembled.service), listener, Bounds(idle_s=5)):
            yield path


async def ask(path: Path, *pieces: bytes) -> bytes:
    """Everything that the server says to these octets, until it closes the connection."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def post(target: str, body: bytes, *headers: bytes) -> bytes:
    lines = [f"POST {target} HTTP/1.1".encode(), b"Host: x", b"Content-Type: application/json", b"Connection: close"]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), *headers, b"", body])


def split(answer: bytes) -> tuple[int, bytes]:
    """Status and body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def check_error(answer: bytes) -> None:
    """An error has the one JSON body, with a message of one line, and is not a mistake of ours."""
    status, body = split(answer)
    if status < 400:
        return
    error = json.loads(body)
    said = error.get("detail") or error["message"]  # of a path of Twilio's
    assert said
    assert said.isprintable(), error
    assert error["code"] != "internal"


# By its chunks a body ends here, and another request follows; by its length, that is a part of the body.
TWO_REQUESTS = b"0\r\n\r\nGET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"\x00\x01\r\n\r\n"], id="no HTTP"),
        pytest.param([b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"], id="a path that is not ASCII"),
        pytest.param([b"GET /v1/status HTTP/1.1\r\nHost: x\r\nFoo\x00: x\r\n\r\n"], id="a header with NUL"),
        pytest.param([post("/v1/messages", b"{}", b"Content-Length: 5")], id="two lengths"),
        pytest.param([post("/v1/messages", b"{}", b"Transfer-Encoding: gzip")], id="an unknown transfer coding"),
        pytest.param([post("/v1/messages", TWO_REQUESTS, b"Transfer-Encoding: chunked")], id="two ends of one body"),
        pytest.param([CHUNKED, b"ZZ\r\n"], id="a chunk without a length"),
        pytest.param([post("/v1/messages", b'{"\n\\u202e": 1}')], id="a key with a line end"),
        pytest.param([post("/v1/messages", json.dumps({"\n" * 5000: 1} | HELLO).encode())], id="a long key"),
        pytest.param([post("/v1/messages", b"[" * 130_000)], id="deep"),
        pytest.param([post("/v1/messages/", b"{}")], id="a slash at the end"),
        pytest.param([post("/v1/modems/%e2%80%ae/ussd", b'{"text": "*100#"}')], id="a name with an override"),
        pytest.param([post("/v1/messages", b"{}", b"Upgrade: websocket", b"Connection: upgrade")], id="websocket"),
        pytest.param([post("/v1/messages", b" " * 300_000)], id="a large body"),
    ],
)
async def test_an_odd_request_gets_the_one_error(
    path: Path, pieces: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Each of these is refused with the one JSON body, or by the end of the connection, and none leaves a traceback."""
    answer = await ask(path, *pieces)
    if answer:
        assert answer.startswith(b"HTTP/1.1 4")
        assert answer.count(b"HTTP/1.1") == 1
        check_error(answer)
    assert [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("half", [CHUNKED + b"5\r\nab", post("/v1/batches", b"to,text", b"Expect: none")[:-3]])
async def test_a_client_that_goes_away_in_its_body_is_no_mistake_of_ours(
    path: Path, half: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a batch is not accepted, nobody is answered, and no line is written about it."""
    _, writer = await asyncio.open_unix_connection(path)
    writer.write(half)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert split(await ask(path, post("/v1/messages", json.dumps(HELLO).encode())))[0] == 202
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_what_follows_the_last_request_is_not_read(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Octets behind a request with `Connection: close` do no harm: the request is answered."""
    answer = await ask(path, post("/v1/messages", json.dumps(HELLO).encode()), b"and then\r\n\r\n")
    assert split(answer)[0] == 202
    assert [record for record in caplog.records if record.exc_info] == []


TARGETS = """
    /v1/messages /v1/batches /v1/batches/1 /v1/messages/1 /v1/messages/1/settle /v1/messages/1/cancel
    /v1/messages/1/resend /v1/reports /v1/modems /v1/modems/a/wire /v1/modems/west/ussd /v1/modems/a/ussd/1/end
    /v1/sims /v1/sims/8/admit /v1/pauses /v1/pause /v1/resume /v1/policies /v1/schedules /v1/schedules/a /v1/schedules/a/pause
    /v1/status /v1/alarms /v1/release /v1/inbox /v1/optouts /openapi.json /
""".split()  # noqa: SIM905 - a table
ODD = [
    *(
        "%00",
        "%ff",
        "%ed%a0%80",
        "%F0%9F%98%80",
        "%2e%2e",
        "%2f",
        "1e999",
        "-1",
        "NaN",
        "0",
        "9" * 5000,
        "%0a",
        "[",
        "%",
    ),
    *("%zz", "+", "true", "%e2%80%ae", "0001-01-01T00:00:00%2b14:00", "9999-12-31T23:59:59-14:00", ""),
]
VALUES: list[Any] = [
    *(
        "\ud800",
        "\x00",
        "\x1a",
        "",
        None,
        True,
        [],
        {},
        [[]],
        1e308,
        float("nan"),
        float("inf"),
        -1,
        10**400,
        "9" * 5000,
    ),
    *("\u202e", ALICE, "hello", "otp", "2026-11-22T13:30", "9999999d", "1e99d", "00:00-24:00", "25:00-1", "*100#", "²"),
    *("* * * * *", "*/0 * * * *", [ALICE], "sent", "8933010000000000010", "0001-01-01T00:00:00+14:00", "٣"),
]
KEYS = """
    to text class at key report short_code valid window sim by why verdict part session timeout_s name cron late \ud800
""".split()  # noqa: SIM905 - a table
HEADERS = [
    *(b"Expect: 100-continue", b"Cookie: \xff=1", b"Accept: \x80", b"Range: bytes=0-", b"Content-Type: \xff"),
    *(b"Content-Type: ;", b"Content-Type: text/csv", b"Host: [", b"Content-Type: multipart/form-data"),
]


def make_request(chance: random.Random) -> bytes:
    """A request that is odd in its path, query, headers or body."""
    target = chance.choice(TARGETS)
    if chance.random() < 0.3:
        parts = target.split("/")
        parts[chance.randrange(len(parts))] = chance.choice(ODD)
        target = "/".join(parts)
    if chance.random() < 0.4:
        name = chance.choice(("id", "state", "batch", "limit", "kind", "since", "matched", "cleared", "key"))
        target += f"?{name}={chance.choice(ODD)}"
    whole = HELLO | {"name": "n", "cron": "* * * * *", "by": "a", "why": "b", "verdict": "sent"}
    document: dict[str, Any] = {key: value for key, value in whole.items() if chance.random() < 0.7}
    document |= {key: chance.choice(VALUES) for key in chance.sample(KEYS, chance.randint(0, 3))}
    body = chance.choice(
        (
            json.dumps(document).encode(),
            json.dumps(document).encode("utf-16"),
            chance.randbytes(40),
            json.dumps(chance.choice(VALUES)).encode(),
            b'{"a":' + b"9" * 5000 + b"}",
        )
    )
    method = chance.choice((b"GET", b"POST", b"POST", b"PUT", b"OPTIONS", b"get"))
    headers = chance.sample(HEADERS, chance.randint(0, 1))
    return method + post(target, body, *headers)[4:]


@pytest.mark.parametrize("seed", range(4))
async def test_random_requests_leave_no_traceback(path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """Hundreds of requests that are odd in every place: every error has the one JSON body, and none is a mistake of ours."""
    chance = random.Random(seed)
    for _ in range(200):
        request = make_request(chance)
        answer = await ask(path, request)
        if answer:
            check_error(answer)
        assert not [record for record in caplog.records if record.exc_info], request
        caplog.clear()


async def test_64_connections_that_break_off_lose_and_double_nothing(
    path: Path, assembled: AssembledService, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients that close right behind their request, and ask again with the same key: each message is stored once."""

    async def submit(number: int, *, waits: bool) -> int | None:
        request = post("/v1/messages", json.dumps(HELLO | {"key": f"k{number}"}).encode())
        if waits:
            return split(await ask(path, request))[0]
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(request)
        writer.transport.abort() if number % 2 else writer.close()
        return None

    await asyncio.gather(*(submit(number % 16, waits=False) for number in range(64)))
    answers = await asyncio.gather(*(submit(number % 16, waits=True) for number in range(64)))
    assert {*answers} <= {200, 202}
    listed = await all_rows(await assembled.service.messages.histories.list_messages(limit=0))
    assert sorted(str(message.key) for message in listed) == sorted(f"k{number}" for number in range(16))
    assert [record for record in caplog.records if record.exc_info] == []
