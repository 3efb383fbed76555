"""Streams of one connection, which know whether anything came while nothing was expected: then the connection is of no use."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from modemd.light_dataclass import dataclass
from modemd.providers.http.addresses import look_up

# Turns of the loop after which it has handed on what the kernel had: one to look, and one to tell each layer of TLS.
_TURNS = 3
# Seconds for one of several addresses of a name: a round trip and a repeat of the first packet.
ADDRESS_S = 2.0


class _WatchedReader(asyncio.StreamReader):
    """Reader that notes what comes while it is `is_resting`: octets, the end, or an error."""

    is_resting = True
    is_spoilt = False

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # typeshed asks for the Iterable that nobody sends
        self.is_spoilt |= self.is_resting
        super().feed_data(data)

    def feed_eof(self) -> None:
        self.is_spoilt |= self.is_resting
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        self.is_spoilt |= self.is_resting
        super().set_exception(exc)


@dataclass(slots=True)
class Streams:
    """Streams of a connection."""

    reader: _WatchedReader
    writer: asyncio.StreamWriter

    def expect(self) -> None:
        """Notes that an answer is expected from now on."""
        self.reader.is_resting = False

    def rest(self) -> None:
        """Notes that nothing is expected."""
        self.reader.is_resting = True

    async def is_usable(self) -> bool:
        """Returns whether the connection is open and silent, after the loop has had the time to see what the kernel knows."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        is_open = not self.reader.is_spoilt and not self.writer.is_closing()
        return is_open and not self.writer.transport.get_write_buffer_size()

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Starts TLS, with a server of this name. Raises OSError."""
        await self.writer.start_tls(context, server_hostname=host)

    def abort(self) -> None:
        """Closes the connection at once."""
        self.writer.transport.abort()


async def open_streams(host: str, port: int, context: ssl.SSLContext | None) -> Streams:
    """Returns the streams to a server, over TLS with a `context`. Raises OSError. Each address of the name has `ADDRESS_S`
    seconds, but for the last one. They are not tried at the same moment: asyncio forgets a socket if that is cancelled."""
    *others, last = await look_up(host, port)
    for address in others:
        with contextlib.suppress(OSError):  # also TimeoutError
            async with asyncio.timeout(ADDRESS_S):
                return await _open(address, port, context, host)
    return await _open(last, port, context, host)


async def _open(address: str, port: int, context: ssl.SSLContext | None, name: str) -> Streams:
    loop = asyncio.get_running_loop()
    reader = _WatchedReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(
        lambda: protocol, address, port, ssl=context, server_hostname=name if context is not None else None
    )
    return Streams(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
