"""Requests that the end of the server cuts off: each is answered by an error, if its answer has not begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from modemd.errors import ErrorCode
from modemd.http.bounded import error_body

Message = Any  # as ASGI has it: a dictionary
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Callable[[], Awaitable[Message]], Send], Awaitable[None]]

STOPPING = "modemd is stopping, and this request is not finished; look after the next start whether it was carried out"


class CutRequests:
    """ASGI application around another. A request that the server cancels is answered 503 `stopping`."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        answer = _Answer(send)
        try:
            await self._app(scope, receive, answer.send)
        except asyncio.CancelledError:
            if answer.has_begun:
                raise
            # The request ends with this, as the server asks. If it ended with the exception, the server would answer 500.
            answer.is_closed = True
            await _send_error(send)


class _Answer:
    """Answer to one request, on its way to the server. Once it `is_closed`, what the work on the request still sends is
    dropped."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.is_closed = False

    async def send(self, message: Message) -> None:
        if not self.is_closed:
            self.has_begun = True
            await self._send(message)


async def _send_error(send: Send) -> None:
    body = error_body(ErrorCode.STOPPING, STOPPING)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(HTTPStatus.SERVICE_UNAVAILABLE), "headers": headers})
    await send({"type": "http.response.body", "body": body})
