"""Application of the HTTP API: one router for each subject, over a service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.routing import Router

from modemd import __version__
from modemd.api import (
    bodies,
    conditional,
    contacts,
    doors,
    errors,
    events,
    inbox,
    messages,
    modems,
    schedules,
    sims,
    status,
    webhooks,
)
from modemd.api.access import keys
from modemd.api.consent import emails, entries, ledger, quiet_hours, records, reply_texts, reviews, subscribers, words
from modemd.api.consent import requests as opt_in_requests
from modemd.api.routes import refuse_unknown_queries
from modemd.api.twilio import loading as twilio
from modemd.rules.twilio import PREFIX as TWILIO
from modemd.service.service import Service

_MAKERS = {
    messages.make_router: ("/v1/messages", "/v1/batches", "/v1/reports"),
    inbox.make_router: ("/v1/inbox", "/v1/optouts"),
    contacts.make_router: ("/v1/numbers",),
    modems.make_router: ("/v1/modems", "/v1/drivers"),
    status.make_router: ("/v1/status", "/v1/alarms", "/v1/release", "/healthz"),
    schedules.make_router: ("/v1/schedules",),
    sims.make_router: ("/v1/sims", "/v1/policies", "/v1/pauses", "/v1/pause", "/v1/resume"),
    records.make_router: ("/v1/consent/numbers",),
    emails.make_router: ("/v1/consent/emails", "/v1/consent/numbers"),
    entries.make_router: ("/v1/consent/import", "/v1/consent/numbers"),
    ledger.make_router: ("/v1/consent/verify", "/v1/consent/numbers"),
    opt_in_requests.make_router: ("/v1/consent/requests",),
    reviews.make_router: ("/v1/consent/reviews",),
    subscribers.make_router: ("/v1/consent/lists",),
    quiet_hours.make_router: ("/v1/quiet-hours",),
    reply_texts.make_router: ("/v1/consent/replies",),
    events.make_router: ("/v1/events",),
    webhooks.make_router: ("/v1/webhooks",),
    words.make_router: ("/v1/consent/words", "/v1/consent/test"),
    keys.make_router: ("/v1/keys", "/v1/audit"),
    doors.make_router: doors.PATHS,
    twilio.make_router: (TWILIO,),
}
"""Makers of the routers, each with the beginnings of its paths."""


class Api(FastAPI):
    """Application of the API. `openapi` makes the document anew each time: it is asked for seldom, and takes a megabyte."""

    def openapi(self) -> dict[str, Any]:
        from modemd.api import openapi

        return openapi.describe(self.routes)


# FastAPI 0.165 and newer would send what it observes to wherever a variable of the environment says.
NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def create_app(service: Service, only: str | None = None) -> FastAPI:
    """Returns the application over a service. Each error has one JSON body, as `modemd.api.errors` says. `only`: the target of
    the one request that it is made for; routers of other subjects are left out then: making them takes longer than a request."""
    # A path with a slash at its end is no route. Starlette would send the client to an address made of the socket's path.
    app = Api(
        title="modemd",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    app.add_route("/openapi.json", get_openapi_document, methods=["GET"], include_in_schema=False)
    app.add_middleware(bodies.BodyBounds, find_largest=find_largest_body, refuse=twilio.refuse_body)
    app.add_middleware(conditional.ConditionalGet, count_changes=service.changes.count)
    with _without_pydantic_1():
        for router in _make_routers(service, only):
            # FastAPI's include_router would make each route a second time, at the first request.
            app.router.routes.extend(router.routes)
    errors.add_error_handlers(app, app.router.routes)
    return app


async def get_openapi_document(request: Request) -> Response:
    """Answers with the OpenAPI document. It is made in a thread: the loop has no time for it."""
    refuse_unknown_queries(request)
    application = request.app

    def make() -> bytes:
        return json.dumps(application.openapi(), ensure_ascii=False).encode()

    return Response(await asyncio.to_thread(make), media_type="application/json")


def _make_routers(service: Service, only: str | None) -> Iterator[Router]:
    """Yields the routers, or those that may have a route for the target `only`. A path that none has gets all, so that the
    answer is that of the whole application."""
    chosen = [make for make, paths in _MAKERS.items() if only is not None and only.startswith(paths)]
    for make in chosen or _MAKERS:
        yield make(service)


@contextlib.contextmanager
def _without_pydantic_1() -> Iterator[None]:
    """Hides the models of pydantic 1 from FastAPI, which looks for them in each annotation: the module that has them would stay
    in memory with 1.5 MiB. FastAPI takes an ImportError for a pydantic that has it no more."""
    if "pydantic.v1" in sys.modules:
        yield
        return
    sys.modules["pydantic.v1"] = None  # type: ignore[assignment]  # the import system refuses such a name
    try:
        yield
    finally:
        del sys.modules["pydantic.v1"]


def find_largest_body(path: str) -> int:
    """Returns the most octets of a body that is sent to `path`."""
    if path in (messages.BATCHES, messages.BATCH_PREVIEW, entries.IMPORT):
        return messages.LARGEST_CSV
    if path.startswith(doors.PATHS):
        return doors.LARGEST_POST
    return entries.LARGEST_ENTRY if path.startswith(entries.NUMBERS) else bodies.LARGEST_JSON
