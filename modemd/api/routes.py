"""Routes of the native API: each takes only the queries that it has, and a right body goes straight to its function."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """Route that refuses a query which it does not take. As a dependency of FastAPI, the check would be prepared and run for each
    request, also without a query."""

    def get_route_handler(self) -> Handle:
        handle = self._make_shortcut(super().get_route_handler())

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                refuse_unknown_queries(request, [field.alias for field in self.dependant.query_params])
            return await handle(request)

        return handle_strictly

    def _make_shortcut(self, handle: Handle) -> Handle:
        """Returns a handler that is `handle`, unless the function of the route takes the request and one model, and answers by
        itself: accepting a message is such a function, and FastAPI's way to it takes longer than all that it does. The handler
        calls it with the model, and leaves to FastAPI what is not right, to tell what is wrong with it."""
        taken, bodies = self.dependant, self.dependant.body_params
        others = (taken.path_params, taken.query_params, taken.header_params, taken.cookie_params, taken.dependencies)
        model = bodies[0].field_info.annotation if len(bodies) == 1 and not any(others) else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or self.response_field is not None:
            return handle
        function, named_request, named_model = self.endpoint, taken.request_param_name or "", bodies[0].name

        async def handle_shortly(request: Request) -> Response:
            if request.headers.get("content-type") == "application/json":
                try:
                    given = model.model_validate(json.loads(await request.body()))
                except (ValueError, RecursionError):  # RecursionError: arrays in arrays, thousands of times
                    return await handle(request)
                response: Response = await function(**{named_request: request, named_model: given})
                return response
            return await handle(request)

        return handle_shortly


def refuse_unknown_queries(request: Request, known: Sequence[str] = ()) -> None:
    """Raises RequestValidationError if a request has a query that its route does not take, or one of them twice: a filter that is
    written wrong would list everything. `known`: the queries that it takes."""
    given = [name for name, _ in request.query_params.multi_items()]
    takes = f"this route takes {', '.join(known)}" if known else "this route takes none"
    problems = [
        {"loc": ("query", name), "msg": f"There is no such query; {takes}"}
        if name not in known
        else {"loc": ("query", name), "msg": "Is there twice"}
        for name in dict.fromkeys(given)
        if name not in known or given.count(name) > 1
    ]
    if problems:
        raise RequestValidationError(problems)


def new_router(prefix: str = "") -> APIRouter:
    """Returns a router for the routes of one subject, whose paths begin with `prefix`."""
    return APIRouter(prefix=prefix, route_class=StrictRoute)
