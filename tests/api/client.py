"""A client of the application in this process: one ASGI request, no socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from modemd.api.in_process import InProcessRequest


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
        exchange = InProcessRequest(method, target, body, content_type)
        raised = None
        try:
            await exchange.run(self._app)
        except Exception as error:  # what a server would log
            raised = error
        response = exchange.response
        return Answer(response.status, response.headers, response.body, raised)
