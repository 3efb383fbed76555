"""Conditional requests: what is asked for again, and has not changed, is answered with 304.

The tag of a list that shows only what is stored counts the changes of the database: to find that nothing has changed costs no
query, and a change of something else makes modemd send the list once more. Any other answer, such as a list that says why a
message waits, has a tag of its content: to find that it has not changed costs the query, but no transfer.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modemd.api.access.callers import get_caller

_STORED = (
    "/v1/inbox",
    "/v1/reports",
    "/v1/optouts",
    "/v1/audit",
    "/v1/keys",
    "/v1/numbers/",
    "/v1/batches",
    "/v1/alarms",
    "/v1/webhooks",
    "/v1/consent/lists/",
    "/v1/consent/emails",
    "/v1/consent/reviews",
)
_PREFIX, _ENDLESS = "/v1/", "/v1/events"
_LINES = "application/jsonl"
# Octets of an answer that are held back until its tag is known. A longer one has none.
MOST_HELD = 256 * 1024


class ConditionalGet:
    """ASGI application around another. `count_changes` returns a number that is another after each change of the database."""

    def __init__(self, app: ASGIApp, count_changes: Callable[[], int]) -> None:
        self._app = app
        self._count_changes = count_changes
        self._process = secrets.token_hex(4)  # the count begins anew with each

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        known = frozenset(each.strip() for each in headers.get("if-none-match", "").split(","))
        if scope["path"].startswith(_STORED):
            # Before the query: a change that comes in between makes another tag. Another key may see another list.
            tag = f'W/"{self._process}-{self._count_changes()}-{get_caller(HTTPConnection(scope)).key or 0}"'
            if tag in known:
                await Response(status_code=304, headers={"etag": tag})(scope, receive, send)
            else:
                await self._app(scope, receive, _add_tag(send, tag))
        elif scope["path"].startswith(_ENDLESS) or _LINES in headers.get("accept", ""):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _ContentTag(send, known))


def _add_tag(send: Send, tag: str) -> Send:
    async def send_tagged(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message)["etag"] = tag
        await send(message)

    return send_tagged


class _ContentTag:
    """Way of an answer to the client, on which it gets the tag of its content, or is replaced by 304 if the client has that tag
    (`known`)."""

    def __init__(self, send: Send, known: frozenset[str]) -> None:
        self._send = send
        self._known = known
        self._start: Message | None = None
        self._held: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._held.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._end()
        elif sum(map(len, self._held)) > MOST_HELD:
            await self._send(self._start)
            self._start = None
            await self._send({"type": "http.response.body", "body": b"".join(self._held), "more_body": True})

    async def _end(self) -> None:
        start, body = self._start, b"".join(self._held)
        self._start = None
        if start is None:
            return
        tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        if tag in self._known:
            await self._send({"type": "http.response.start", "status": 304, "headers": [(b"etag", tag.encode())]})
            await self._send({"type": "http.response.body", "body": b""})
            return
        MutableHeaders(scope=start)["etag"] = tag
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
