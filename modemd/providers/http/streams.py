"""Streams of one connection, which know whether anything came while nothing was expected: then the connection is of no use."""

from __future__ import annotations

import asyncio
import ssl

from modemd.light_dataclass import dataclass

# Turns of the loop after which it has handed on what the kernel had: one to look, and one to tell each layer of TLS.
_TURNS = 3
# Seconds after which the next address of a name is tried, beside the one before (RFC 8305): IPv6 is often announced and broken.
_NEXT_ADDRESS_S = 0.25


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
    """Returns the streams to a server, over TLS with a `context`. Raises OSError."""
    loop = asyncio.get_running_loop()
    reader = _WatchedReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(
        lambda: protocol,
        host,
        port,
        ssl=context,
        server_hostname=host if context is not None else None,
        happy_eyeballs_delay=_NEXT_ADDRESS_S,
    )
    return Streams(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
