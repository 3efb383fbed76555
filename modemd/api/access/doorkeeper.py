"""Doors of the API: who comes in by TCP has to show a key, and each change is noted in the audit log.

By the Unix socket everybody comes in who may open it. By TCP nothing of a request is read before its key is known to be valid, to
have the scope of the route, and to be within its rate. The doors of other formats look for their key themselves, since their
clients send it in other places.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modemd.api.access.callers import get_caller, note_caller
from modemd.api.access.scopes import find_scope
from modemd.api.errors import error_response, list_wait
from modemd.errors import ErrorCode, Refused
from modemd.rules.access.callers import NOBODY, SOCKET, Caller
from modemd.rules.twilio import is_of_twilio
from modemd.service.keys.keys import REFUSAL, ApiKeys

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Twilio's codes for what a door refuses.
_TWILIO_CODES = {401: 20003, 403: 20006, 429: 20429}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Parts of a path that the audit log has not: the number of a person, and the account SID, with which a token makes a login.
_LEFT_OUT = frozenset({"number", "account"})


class AuditedDoor:
    """ASGI application around another, which notes each change that it makes in the audit log."""

    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"])
            await send(message)

        await self._app(scope, receive, note)

    def _note(self, scope: Scope, status: int) -> None:
        route = scope.get("route")
        path = getattr(route, "path", None)
        if path is not None and status < 400:
            shown = path
            for name, value in scope.get("path_params", {}).items():
                if name not in _LEFT_OUT:
                    shown = shown.replace(f"{{{name}}}", str(value))
            caller = _get_caller(scope)
            if caller is SOCKET and scope.get("client") is not None:
                caller = _find_user(scope["client"][0])  # `modemd.http.bounded` names it
            self._keys.note_change(caller, scope["method"], shown, status)


@lru_cache(maxsize=64)
def _find_user(name: str) -> Caller:
    """Returns the caller that a user of this machine is."""
    return replace(SOCKET, address=name)


class KeyedDoor:
    """ASGI application around another, which lets in only those with a valid key. `proxies`: networks whose `X-Forwarded-For`
    is believed; `keyless`: beginnings of paths that look for a key themselves."""

    def __init__(
        self, app: ASGIApp, keys: ApiKeys, proxies: Sequence[Network] = (), keyless: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._keys = keys
        self._proxies = proxies
        self._keyless = keyless

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers, path = Headers(scope=scope), scope["path"]
        address = self._find_address(scope, headers)
        if path.startswith(self._keyless):
            note_caller(scope, Caller(NOBODY.key, NOBODY.name, NOBODY.scopes, address))
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._authenticate(headers, address)
            needed = find_scope(scope["method"], path)
            if needed is not None and not caller.may(needed):
                raise Refused(
                    ErrorCode.FORBIDDEN, f"this needs the scope {needed}, which the API key {caller.name!r} has not"
                )
            self._keys.check_rate(caller)
        except Refused as refused:
            await _refuse(refused, path)(scope, receive, send)
            return
        note_caller(scope, caller)
        await self._app(scope, receive, send)

    async def _authenticate(self, headers: Headers, address: str) -> Caller:
        kind, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip()
        if kind.lower() == "bearer":
            return await self._keys.authenticate(given, address)
        if kind.lower() == "basic":
            user, password = _read_basic(given)
            return await self._keys.authenticate_basic(user, password, address)
        if kind:
            return await self._keys.authenticate("", address)
        raise Refused(ErrorCode.UNAUTHORIZED, REFUSAL)

    def _find_address(self, scope: Scope, headers: Headers) -> str:
        """Returns where a request came from: the peer, or what a trusted proxy says of it, the last of its entries."""
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        if self._proxies and _is_within(peer, self._proxies):
            said = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            if _parse_address(said) is not None:
                return said
        return peer


def _get_caller(scope: Scope) -> Caller:
    from starlette.requests import HTTPConnection

    return get_caller(HTTPConnection(scope))


def _read_basic(given: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_within(text: str, networks: Sequence[Network]) -> bool:
    address = _parse_address(text)
    return address is not None and any(address in network for network in networks)


def _refuse(refused: Refused, path: str) -> Response:
    """Returns the answer to somebody who may not come in, in the shape of the API that was asked. The body is not read, so the
    connection ends."""
    code = refused.code if isinstance(refused.code, ErrorCode) else ErrorCode.UNAUTHORIZED
    headers = {"connection": "close"} | list_wait(refused)
    if code.status == 401:
        headers["www-authenticate"] = 'Bearer realm="modemd", Basic realm="modemd"'
    if is_of_twilio(path):
        number = _TWILIO_CODES[code.status]
        more = f"modemd help twilio lists the codes: {number}"
        body = {"code": number, "message": refused.reason, "more_info": more, "status": code.status}
        return JSONResponse(body, code.status, headers)
    return error_response(code, refused.reason, headers=headers)
