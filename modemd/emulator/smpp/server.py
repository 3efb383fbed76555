"""TCP in front of a message centre."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from modemd.emulator.smpp.centre import SmppCentre
from modemd.emulator.smpp.connection import CentreConnection


class _Client(asyncio.Protocol):
    """Connection of one client."""

    def __init__(self, centre: SmppCentre) -> None:
        self._centre = centre
        self._connection: CentreConnection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)
        self._connection = self._centre.connect(stream.write, stream.close)

    def data_received(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connection.lost()


async def serve(
    centre: SmppCentre, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Serves a centre at an address; port 0: any that is free. `tls`: the context of its connections, None for plain ones.
    OSError if the address cannot be used."""
    return await asyncio.get_running_loop().create_server(lambda: _Client(centre), host, port, ssl=tls)
