"""In-process requests: one request to the application in this process, ASGI without a socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

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

    def __init__(self, method: str, target: str, body: bytes, content_type: str) -> None:
        path, _, query = target.partition("?")
        self._body = body
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
            "headers": [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())],
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
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: AsgiMessage) -> None:
        self._sent.append(message)
