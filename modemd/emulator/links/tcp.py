"""Device behind a TCP port, for `socket://host:port` and for machines without ptys. One client at a time."""

from __future__ import annotations

import asyncio

from modemd.emulator.device.device import Device
from modemd.emulator.links.link import Link


class _Client(asyncio.Protocol):
    """A connection; a second one during the first is closed at once."""

    def __init__(self, link: TcpLink) -> None:
        self._link = link
        self._served = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            transport.close()
            return
        self._served = self._link.client_came(transport)
        if not self._served:
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._served:
            self._link.device.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._served:
            self._link.client_left()


class TcpLink(Link):
    """A device's TCP port. After making it, `await start()`."""

    def __init__(self, device: Device, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(device)
        self.host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._client: asyncio.Transport | None = None
        self._plugged = True

    @property
    def url(self) -> str:
        """The URL that pyserial opens."""
        return f"socket://{self.host}:{self.port}"

    @property
    def served(self) -> bool:
        """True if a client has the port."""
        return self._client is not None

    async def start(self) -> None:
        """Starts to listen; a port of 0 becomes the one that the system chose.

        Raises OSError if the address is not available.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops listening and drops the client."""
        self._detach_from_device()
        self.lost()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def client_came(self, transport: asyncio.Transport) -> bool:
        """Connects a client, and returns True; False if the port is unplugged or has a client already."""
        if self._client is not None or not self._plugged:
            return False
        self._client = transport
        self.device.connect(transport.write)
        return True

    def client_left(self) -> None:
        """Disconnects the client."""
        self._client = None
        self.device.disconnect()

    def lost(self) -> None:
        self._plugged = False
        if self._client is not None:
            self._client.abort()

    def back(self) -> None:
        self._plugged = True
