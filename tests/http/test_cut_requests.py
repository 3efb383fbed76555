"""Requests that the end of the server cuts off."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from modemd.http import unix
from modemd.http.cut_requests import CutRequests
from modemd.http.unix import listening, serving


class Hanging:
    """An application that works until it is let go, after it has begun its answer or before."""

    def __init__(self, *, begins: bool) -> None:
        self._begins = begins
        self.at_work = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.done = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        self.at_work.set()
        await self.goes_on.wait()
        await send({"type": "http.response.body", "body": b"late"})
        self.done.set()


async def cut(app: Hanging) -> list[Any]:
    """Cuts a request that is under way; then the work on it goes on to its end. Returns what was sent."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    requests = CutRequests(app)
    request = asyncio.create_task(requests({}, receive, send))
    await app.at_work.wait()
    await requests.cut()
    app.goes_on.set()
    await request
    assert app.done.is_set()
    return sent


async def test_a_request_that_is_cut_off_gets_one_error() -> None:
    """Whatever the work on it says later."""
    sent = await cut(Hanging(begins=False))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 503


async def test_an_answer_that_has_begun_is_cut() -> None:
    """It cannot become an error any more, and nothing follows."""
    sent = await cut(Hanging(begins=True))
    assert [message.get("status") for message in sent] == [200]


@pytest.mark.parametrize("begins", [False, True])
async def test_the_end_of_the_server_cancels_no_work(tmp_path: Path, begins: bool) -> None:
    """What follows from a change follows, though its client hears nothing of it; and the server does not wait for it."""
    app, path = Hanging(begins=begins), tmp_path / "api.sock"
    with listening(path) as listener:
        async with serving(app, listener):
            asking = asyncio.create_task(asyncio.to_thread(unix.request, path, "GET", "/"))
            await app.at_work.wait()
        await asyncio.wait([asking])
        assert not app.done.is_set()
        app.goes_on.set()
        await app.done.wait()


async def test_the_end_of_the_server_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A client that waits gets the one JSON body with 503, and the log no traceback."""
    app, path = Hanging(begins=False), tmp_path / "api.sock"
    with listening(path) as listener:
        async with serving(app, listener):
            asking = asyncio.create_task(asyncio.to_thread(unix.request, path, "GET", "/"))
            await app.at_work.wait()
        status, body = await asking
    assert (status, json.loads(body)["code"]) == (503, "stopping")
    assert [record for record in caplog.records if record.exc_info] == []


async def test_an_answer_at_the_end_of_the_server_ends_its_connection(tmp_path: Path) -> None:
    """The client learns not to send its next request there."""
    app, path = Hanging(begins=False), tmp_path / "api.sock"

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        app.at_work.set()
        await app.goes_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with listening(path) as listener:
        async with serving(answering, listener):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await app.at_work.wait()
            asyncio.get_running_loop().call_later(0.05, app.goes_on.set)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
