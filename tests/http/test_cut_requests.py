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
    """An application that works for ever, after it has begun its answer or before."""

    def __init__(self, *, begins: bool) -> None:
        self._begins = begins
        self.at_work = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.works: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        self.works.append(asyncio.create_task(self._work(send)))
        await asyncio.shield(self.works[0])

    async def _work(self, send: Any) -> None:
        self.at_work.set()
        await self.goes_on.wait()
        await send({"type": "http.response.body", "body": b"late"})


async def cut(app: Hanging) -> tuple[asyncio.Task[None], list[Any]]:
    """Cancels a request that is under way; then the work on it goes on. Returns the request, and what was sent."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    task = asyncio.create_task(CutRequests(app)({}, receive, send))
    await app.at_work.wait()
    task.cancel()
    await asyncio.wait([task])
    app.goes_on.set()
    await asyncio.wait(app.works)
    return task, sent


async def test_a_request_that_is_cut_off_gets_one_error() -> None:
    """Whatever the work on it says later."""
    task, sent = await cut(Hanging(begins=False))
    assert not task.cancelled()
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 503


async def test_an_answer_that_has_begun_is_cut() -> None:
    """It cannot become an error any more."""
    task, sent = await cut(Hanging(begins=True))
    assert task.cancelled()
    assert [message.get("status") for message in sent] == [200, None]


async def test_the_end_of_the_server_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A client that waits gets the one JSON body with 503, and the log no traceback."""
    app, path = Hanging(begins=False), tmp_path / "api.sock"
    with listening(path) as listener:
        async with serving(app, listener):
            asking = asyncio.create_task(asyncio.to_thread(unix.request, path, "GET", "/"))
            await app.at_work.wait()
        status, body = await asking
    assert (status, json.loads(body)["error"]["code"]) == (503, "stopping")
    assert [record for record in caplog.records if record.exc_info] == []
