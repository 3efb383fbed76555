"""A client of the application in this process: one ASGI request, no socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from modemd.api.app import create_app
from modemd.api.in_process import InProcessRequest
from modemd.service.service import Service
from tests.api.answers.described import check_answer


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
        assert self.headers["content-type"] == "application/problem+json"
        error = self.json
        needed = {"type", "title", "status", "code", "detail"}
        assert needed <= set(error) <= needed | {"problems"}
        assert (error["type"], error["status"]) == (f"urn:modemd:error:{error['code']}", self.status)
        assert error["detail"]
        assert "\n" not in error["detail"]
        code: str = error["code"]
        return code


def narrow_app(service: Service) -> ASGIApp:
    """The application over a service. Of its routers, it makes those that a test asks for: a tenth of the time of all."""
    made: dict[tuple[str, ...], ASGIApp] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        subject = tuple(scope["path"].split("/")[:4])
        if subject not in made:
            made[subject] = create_app(service, only=scope["path"])
        await made[subject](scope, receive, send)

    return app


class Client:
    """Calls routes of an application. Every answer must be as the OpenAPI document describes it."""

    def __init__(self, app: ASGIApp) -> None:
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
        check_answer(method, target, response.status, response.headers.get("content-type", ""), response.body)
        return Answer(response.status, response.headers, response.body, raised)
