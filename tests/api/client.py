"""A client of the application in this process: one ASGI request, no socket."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `raised`: what the application let through to the server, after it had answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    raised: Exception | None = field(default=None, compare=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error, which has the one shape."""
        assert self.headers["content-type"] == "application/json"
        assert list(self.json) == ["error"]
        error = self.json["error"]
        assert {"code", "message"} <= set(error) <= {"code", "message", "problems"}
        assert error["message"]
        assert "\n" not in error["message"]
        code: str = error["code"]
        return code


class Client:
    """Calls routes of an application."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def get(self, target: str) -> Answer:
        return await self.call("GET", target)

    async def post(self, target: str, document: Any) -> Answer:
        """POST a JSON document."""
        return await self.call("POST", target, json.dumps(document).encode())

    async def call(self, method: str, target: str, body: bytes = b"", content_type: str = "application/json") -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())],
        }
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        raised = None
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # what a server would log
            raised = error
        start = next(message for message in sent if message["type"] == "http.response.start")
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        content = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
        return Answer(start["status"], headers, content, raised)
