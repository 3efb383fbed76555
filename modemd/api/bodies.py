"""Bodies of requests: read whole before a route sees them, within a size and a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modemd.api.errors import error_response
from modemd.errors import ErrorCode

# Octets of a JSON body. The longest text, with every letter escaped as in \u00e9, takes 229 KiB.
LARGEST_JSON = 256 * 1024
# Seconds from the head of a request to the end of its body.
BODY_S = 30.0
# What is left of the body is not read.
CLOSE = {"connection": "close"}
Refuse = Callable[[str, ErrorCode, str], Response]


def refuse_plainly(path: str, code: ErrorCode, text: str) -> Response:
    """Returns the answer to a request whose body is not read, and closes the connection."""
    return error_response(code, text, headers=CLOSE)


class BodyBounds:
    """ASGI application around another, which gets each body whole. `find_largest` returns the most octets of a body for a path,
    `refuse` the answer to a body that breaks a bound, by path, code and text.

    A body that is too large is refused by its announced length, or where it exceeds the bound; a slow one at its deadline.
    A client that goes away in the middle of its body has asked for nothing; what was read whole is carried out."""

    def __init__(
        self,
        app: ASGIApp,
        find_largest: Callable[[str], int],
        within_s: float = BODY_S,
        refuse: Refuse = refuse_plainly,
    ) -> None:
        self._app = app
        self._find_largest = find_largest
        self._within_s = within_s
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, headers = self._find_largest(scope["path"]), Headers(scope=scope)
        if "transfer-encoding" in headers and "content-length" in headers:
            # Somebody else on the way may have read another request than this one (RFC 9112 6.1).
            text = "a request has Content-Length or Transfer-Encoding, and not both"
            await self._refuse(scope["path"], ErrorCode.BAD_REQUEST, text)(scope, receive, send)
            return
        try:
            announced = int(headers.get("content-length", "0"))
            body = None
            if announced <= most:
                async with asyncio.timeout(self._within_s):
                    body = await _read_body(receive, most)
        except TimeoutError:
            text = f"the body was not complete after {self._within_s:g} s"
            await self._refuse(scope["path"], ErrorCode.TOO_SLOW, text)(scope, receive, send)
        except _Gone:
            return
        else:
            if body is None:
                text = f"a body here has at most {_describe_size(most)}; split it"
                await self._refuse(scope["path"], ErrorCode.TOO_LARGE, text)(scope, receive, send)
                return
            await self._app(scope, _replay(body, receive), send)


class _Gone(Exception):
    """Client that has closed the connection before its body was complete."""


async def _read_body(receive: Receive, most: int) -> bytes | None:
    """Returns the whole body; None as soon as it has more than `most` octets. Raises _Gone."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > most:
            return None
        more = message.get("more_body", False)
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that gives the body in one piece, then what else the connection tells."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return left.pop() if left else await receive()

    return receive_again


def _describe_size(octets: int) -> str:
    mebi = 1024 * 1024
    return f"{octets // mebi} MiB" if octets >= mebi else f"{octets // 1024} KiB"
