"""Requests that the end of the server cuts off: each is answered by an error, if its answer has not begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from modemd.errors import ErrorCode
from modemd.http.bounded import STOPPING, error_body
from modemd.http.problems import CONTENT_TYPE

Message = Any  # as ASGI has it: a dictionary
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Callable[[], Awaitable[Message]], Send], Awaitable[None]]


class CutRequests:
    """ASGI application around another, which knows the requests that are under way."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._answers: set[_Answer] = set()
        self._is_ending = False

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        answer = _Answer(send, self)
        self._answers.add(answer)
        try:
            await self._app(scope, receive, answer.send)
        finally:
            self._answers.discard(answer)

    @property
    def is_ending(self) -> bool:
        """True if the server takes no further requests: its answers say so."""
        return self._is_ending

    def end(self) -> None:
        """Has each answer from now on say that its connection ends."""
        self._is_ending = True

    async def cut(self) -> None:
        """Answers each request 503 `stopping`, unless its answer has begun. The work on it goes on: what was handed to the
        database is stored, and what follows from it follows."""
        await asyncio.gather(*(answer.cut() for answer in self._answers))


class _Answer:
    """Answer to one request, on its way to the server. After the cut, what the work on the request still sends is dropped."""

    def __init__(self, send: Send, requests: CutRequests) -> None:
        self._send = send
        self._requests = requests
        self._has_begun = False
        self._is_cut = False

    async def send(self, message: Message) -> None:
        if not self._is_cut:
            self._has_begun = True
            if self._requests.is_ending and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await self._send(message)

    async def cut(self) -> None:
        self._is_cut = True
        if not self._has_begun:
            await _send_error(self._send)


async def _send_error(send: Send) -> None:
    body = error_body(ErrorCode.STOPPING, HTTPStatus.SERVICE_UNAVAILABLE, STOPPING)
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(HTTPStatus.SERVICE_UNAVAILABLE), "headers": headers})
    await send({"type": "http.response.body", "body": body})
