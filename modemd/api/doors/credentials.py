"""Credentials of a client of a door: an API key, in whichever way the client can send it."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request

from modemd.api.access.callers import get_caller, note_caller
from modemd.errors import ErrorCode, Refused
from modemd.rules.access.callers import Caller
from modemd.service.service import Service


class DoorGuard:
    """Guard of a door: lets a client in whose key has a scope, and returns whose key it is. A client of the Unix socket needs no
    key. Each `admit` raises Refused (`unauthorized`, `forbidden`, `too_many_tries`, `rate_limited`)."""

    def __init__(self, service: Service, scope: str) -> None:
        self._keys = service.keys
        self._scope = scope

    async def admit_by_header(self, request: Request) -> Caller:
        """Lets a client in by its header Authorization, Bearer or Basic."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        match scheme.lower():
            case "bearer":
                return await self.admit_by_token(request, given.strip())
            case "basic":
                return await self.admit_by_login(request, *_read_basic(given.strip()))
            case _:
                return await self.admit_by_token(request, "")

    async def admit_by_token(self, request: Request, token: str) -> Caller:
        """Lets a client in by its key."""
        caller = get_caller(request)
        if not caller.may(self._scope):
            caller = self._admit(request, await self._keys.authenticate(token, caller.address))
        return caller

    async def admit_by_login(self, request: Request, user: str, password: str) -> Caller:
        """Lets a client in by a user and a password."""
        caller = get_caller(request)
        if not caller.may(self._scope):
            caller = self._admit(request, await self._keys.authenticate_basic(user, password, caller.address))
        return caller

    def _admit(self, request: Request, caller: Caller) -> Caller:
        if not caller.may(self._scope):
            raise Refused(
                ErrorCode.FORBIDDEN, f"this needs the scope {self._scope}, which the API key {caller.name!r} has not"
            )
        self._keys.check_rate(caller)
        note_caller(request.scope, caller)
        return caller


def _read_basic(given: str) -> tuple[str, str]:
    """Returns user and password; empty ones if they cannot be read."""
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password
