"""Caller of a request, as the door that let it in has noted it."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import Scope

from modemd.rules.access.callers import SOCKET, Caller

_NOTED = "modemd.caller"


def get_caller(request: HTTPConnection) -> Caller:
    """Returns who makes a request. Without a door it is a command of this process, which may do all that the socket may."""
    caller: Caller = request.scope.get(_NOTED, SOCKET)
    return caller


def note_caller(scope: Scope, caller: Caller) -> None:
    """Notes who makes a request."""
    scope[_NOTED] = caller
