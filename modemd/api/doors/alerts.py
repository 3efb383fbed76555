"""Doors for alerts: Prometheus Alertmanager and Grafana post groups of alerts, and one text tells of each group.

Alertmanager tries again after any 5xx and after a time-out, and drops the alerts after any other error. So an answer of 2xx comes
only after the commit, and 503 while the database takes no changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from modemd.api.documents import document
from modemd.api.doors.credentials import DoorGuard
from modemd.api.doors.door_route import DoorRoute
from modemd.errors import ErrorCode, Refused
from modemd.rules.access.callers import choose_line
from modemd.rules.alerts.alert_group import AlertGroup, parse_group
from modemd.service.alerts.incoming import AlertOutcome, IncomingAlerts
from modemd.service.service import Service

SCOPE = "alerts:write"
# Octets of a body that are read within a millisecond. A larger body is read beside the loop, which has modems to serve.
READ_AT_ONCE = 64 * 1024


def make_routes(service: Service, alerts: IncomingAlerts) -> Iterator[BaseRoute]:
    """Yields the routes of the doors for alerts that are open: each with the name of a receiver behind it, or without."""
    guard = DoorGuard(service, SCOPE)
    for door in service.settings.current().doors.alert_doors:
        for path in (f"/doors/{door}", f"/doors/{door}/{{receiver}}"):
            yield DoorRoute(path, _make_endpoint(door, guard, alerts), ["POST"])


def _make_endpoint(door: str, guard: DoorGuard, alerts: IncomingAlerts) -> Callable[[Request], Awaitable[Response]]:
    async def post_alerts(request: Request) -> Response:
        caller = await guard.admit_by_header(request)
        body = await request.body()
        await alerts.signatures.check(door, body, request.headers)
        try:
            group = _read_group(body) if len(body) <= READ_AT_ONCE else await asyncio.to_thread(_read_group, body)
        except ValueError as error:
            raise Refused(ErrorCode.BAD_REQUEST, f"this is no group of alerts: {error}") from None
        sim = choose_line(caller, None)
        answer = await alerts.receive(door, request.path_params.get("receiver"), group, sim)
        # Nobody can be written to, now or later: the monitoring system shows it as a failed notification.
        return JSONResponse(document(answer), 409 if answer.outcome is AlertOutcome.REFUSED else 200)

    return post_alerts


def _read_group(body: bytes) -> AlertGroup:
    try:
        found = json.loads(body)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    except ValueError:
        raise ValueError("the body is no JSON") from None
    return parse_group(found)
