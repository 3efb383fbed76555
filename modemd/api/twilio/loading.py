"""Loading of Twilio's API at the first request for it: most installations have none, and would keep it in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Response
from starlette.routing import Match, Route, Router
from starlette.types import Receive, Scope, Send

from modemd.api.bodies import CLOSE, refuse_plainly
from modemd.errors import ErrorCode
from modemd.rules.twilio import PREFIX, is_elsewhere, is_of_twilio
from modemd.service.service import Service


def make_router(service: Service) -> APIRouter:
    """Returns the one route for all paths of Twilio's API. It is none of the OpenAPI description, whose errors have another
    body."""
    api = TwilioApi(service)
    return APIRouter(routes=[Route(f"{PREFIX}{{rest:path}}", api), _ElsewhereRoute("/{rest:path}", api)])


class _ElsewhereRoute(Route):
    """Route for what Twilio has in other APIs."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Returns whether the route is meant, and what it adds to the scope of a request."""
        return super().matches(scope) if is_elsewhere(scope["path"]) else (Match.NONE, {})


def refuse_body(path: str, code: ErrorCode, text: str) -> Response:
    """Returns the answer to a request whose body breaks a bound: in Twilio's shape, if its path is one of Twilio's."""
    if not is_of_twilio(path):
        return refuse_plainly(path, code, text)
    from modemd.api.twilio.resources import error_response
    from modemd.rules.twilio.errors import find_code

    return error_response(find_code(code), text, headers=CLOSE)


class TwilioApi:
    """Twilio's API, as an ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._router: Router | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._router is None:
            make = await asyncio.to_thread(_load)  # the loop has no time to read files
            self._router = make(self._service)
        await self._router(scope, receive, send)


def _load() -> Callable[[Service], Router]:
    from modemd.api.twilio.routes import make_routes

    return make_routes
