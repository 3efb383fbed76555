"""The second door on a TCP socket of this machine, for clients that know nothing of it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

from modemd.api.access.doorkeeper import AuditedDoor, KeyedDoor
from modemd.api.app import create_app
from modemd.api.doors import list_open_paths
from modemd.http.unix import serving
from tests.service.assembled import AssembledService


@contextlib.asynccontextmanager
async def served_on_tcp(assembled: AssembledService) -> AsyncIterator[int]:
    """Serves the application of a service behind its second door while the block runs. Gives the port."""
    keys = assembled.service.keys
    paths = list_open_paths(assembled.service)
    door = KeyedDoor(AuditedDoor(create_app(assembled.service), keys), keys, keyless=paths)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        async with serving(door, listener):
            yield listener.getsockname()[1]
