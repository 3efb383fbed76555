"""In-process requests: one request to the application in this process, ASGI without a socket. The response is whole, or read step
by step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from modemd.light_dataclass import dataclass

AsgiMessage = MutableMapping[str, Any]
AsgiReceive = Callable[[], Awaitable[AsgiMessage]]
AsgiSend = Callable[[AsgiMessage], Awaitable[None]]
AsgiApplication = Callable[[AsgiMessage, AsgiReceive, AsgiSend], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Response:
    """Response of the application."""

    status: int
    headers: dict[str, str]
    body: bytes


class InProcessRequest:
    """Request, and after `run` its response. `target` is the path, with the query after a question mark."""

    def __init__(self, method: str, target: str, body: bytes, content_type: str, accept: str = "*/*") -> None:
        path, _, query = target.partition("?")
        self._body = body
        self._is_body_taken = False
        self._sent: list[AsgiMessage] = []
        self._scope: AsgiMessage = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"accept", accept.encode()),
            ],
        }

    async def run(self, app: AsgiApplication) -> None:
        """Passes the request to the application. Raises what the application raises, also after it has answered; the response is
        there then."""
        await app(self._scope, self._receive, self._send)

    @property
    def response(self) -> Response:
        """The whole response. Raises StopIteration if the application has not answered."""
        start = next(message for message in self._sent if message["type"] == "http.response.start")
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        parts = [message.get("body", b"") for message in self._sent if message["type"] == "http.response.body"]
        return Response(start["status"], headers, b"".join(parts))

    async def _receive(self) -> AsgiMessage:
        if self._is_body_taken:
            return await self._wait_for_end()
        self._is_body_taken = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _wait_for_end(self) -> AsgiMessage:
        """Returns when the client hangs up: this one never does."""
        never: asyncio.Future[AsgiMessage] = asyncio.get_running_loop().create_future()
        return await never

    async def _send(self, message: AsgiMessage) -> None:
        self._sent.append(message)


class StreamedRequest(InProcessRequest):
    """GET whose response is read step by step: the application waits until each piece was taken."""

    def __init__(self, target: str, accept: str) -> None:
        super().__init__("GET", target, b"", "application/json", accept)
        self._pieces: asyncio.Queue[AsgiMessage | None] = asyncio.Queue(1)
        self._task: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._left = asyncio.Event()

    async def start(self, app: AsgiApplication) -> tuple[int, dict[str, str]]:
        """Passes the request to the application. Returns status and headers of the response."""
        self._task = asyncio.get_running_loop().create_task(self._run_to_end(app))
        message = await self._pieces.get()
        if message is None:
            raise self._error or RuntimeError("the application gave no response")
        return message["status"], {name.decode(): value.decode() for name, value in message["headers"]}

    async def read(self) -> bytes:
        """Returns the next piece of the body; none at its end. Raises what the application raised."""
        while (message := await self._pieces.get()) is not None:
            if message.get("body"):
                body: bytes = message["body"]
                return body
        if self._error is not None:
            raise self._error
        return b""

    async def close(self) -> None:
        """Hangs up, if the response was not read to its end, and returns when nothing of the request runs any more: what it
        reads from may be closed then."""
        self._left.set()
        while not self._pieces.empty():
            self._pieces.get_nowait()
        if self._task is not None:
            await self._task

    async def _run_to_end(self, app: AsgiApplication) -> None:
        try:
            await self.run(app)
        except Exception as error:
            self._error = error
        if not self._left.is_set():
            await self._pieces.put(None)

    async def _wait_for_end(self) -> AsgiMessage:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: AsgiMessage) -> None:
        if not self._left.is_set():
            await self._pieces.put(message)
