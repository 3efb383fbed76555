"""Routes of doors: plain ones, without models, since other programs decide what their requests look like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope


class DoorRoute(Route):
    """Route that the audit log can name, as it names those of the framework. It takes no HEAD: who only looks sends nothing."""

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.methods = set(methods)  # Starlette adds HEAD to GET

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Returns whether the route is meant, and what it adds to the scope of a request."""
        match, more = super().matches(scope)
        return match, {**more, "route": self} if match is not Match.NONE else more
