"""The API as the command line calls it: the daemon's on its Unix socket, or the same application in this process."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from modemd.config import Settings
from modemd.errors import Refused, StoreLocked
from modemd.http.unix import CLIENT_TIMEOUT_S, request

# A daemon that holds the database listens a moment later.
STARTING_S = 5.0


def call_api(
    settings: Settings,
    method: str,
    path: str,
    *,
    query: dict[str, Any] | None = None,
    body: bytes | None = None,
    content_type: str = "application/json",
    timeout_s: float = CLIENT_TIMEOUT_S,
) -> Any:
    """The answer of one route. Refused with the API's code and words where it is an error."""
    given = {key: value for key, value in (query or {}).items() if value is not None}
    target = f"{path}?{urlencode(given)}" if given else path
    deadline = time.monotonic() + STARTING_S
    while True:
        try:
            return parse_response(*request(settings.socket, method, target, body, content_type, timeout_s))
        except (FileNotFoundError, ConnectionRefusedError):
            pass  # no daemon listens
        except OSError as error:
            raise Refused("no_daemon", f"{settings.socket}: {error.strerror or error}") from error
        try:
            return parse_response(*asyncio.run(_in_process(settings, method, target, body, content_type)))
        except StoreLocked:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def post_json(settings: Settings, path: str, document: dict[str, Any], *, timeout_s: float = CLIENT_TIMEOUT_S) -> Any:
    """`call` for a JSON document; keys whose value is None are left out."""
    given = {key: value for key, value in document.items() if value is not None}
    return call_api(settings, "POST", path, body=json.dumps(given).encode(), timeout_s=timeout_s)


def call_emulator(directory: Path, method: str, target: str, document: dict[str, Any] | None = None) -> Any:
    """The answer of the control door of the emulator that runs in `directory`."""
    body = json.dumps(document).encode() if document is not None else None
    try:
        return parse_response(*request(directory / "control.sock", method, target, body))
    except OSError as error:
        raise Refused("no_emulator", f"no emulator runs in {directory}; start one with modemd emulate") from error


def parse_response(status: int, body: bytes) -> Any:
    """What a response says, or its error raised."""
    try:
        document = json.loads(body)
    except ValueError:
        raise Refused("bad_answer", f"the daemon answered {status} without JSON") from None
    if isinstance(document, dict) and "error" in document:
        raise Refused(document["error"]["code"], document["error"]["message"])
    return document


async def _in_process(
    settings: Settings, method: str, target: str, body: bytes | None, content_type: str
) -> tuple[int, bytes]:
    """One ASGI request to the application over a service of our own, under the writer's lock."""
    from modemd.api.app import create_app
    from modemd.api.in_process import InProcessRequest
    from modemd.daemon import open_service

    exchange = InProcessRequest(method, target, body or b"", content_type)
    async with open_service(settings) as service:
        await exchange.run(create_app(service))
    return exchange.response.status, exchange.response.body
