"""Servers and proxies on this machine, which do what a test tells them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from modemd.cli.access.tls import make_self_signed
from modemd.providers.exchange import ProviderRequest
from modemd.providers.secret import Secret
from modemd.rules.webhooks.targets import parse_target

SECRET = Secret("Basic c2VjcmV0OnNlY3JldA==")
OK = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"sid":"SM"}'
Script = Callable[["Peer", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A server. `heard`: head and body of each request; `connections`: how many there were."""

    script: Script
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    arrivals: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for_connection(self, number: int) -> None:
        async with self.arrivals:
            await self.arrivals.wait_for(lambda: self.connections >= number)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def read_request(self, reader: asyncio.StreamReader) -> str:
        """Read a request; EOFError if there is none."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.lower() for line in head.split("\r\n")]
        length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
        self.heard.append((head, await reader.readexactly(length)))
        return head

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self.arrivals:
            self.arrivals.notify_all()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self.script(self, reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def answering(*answers: bytes, closes: bool = False) -> Script:
    """One answer for each request, the last for all others. `closes`: the server closes after each."""
    left = list(answers)

    async def script(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await peer.read_request(reader)
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            await writer.drain()
            if closes:
                return

    return script


async def silent(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request, and answer nothing until the client goes."""
    await peer.read_request(reader)
    await reader.read()


@contextlib.asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    peer = Peer(script)
    server = await asyncio.start_server(peer.accept, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        if peer.tasks:
            for task in (await asyncio.wait(peer.tasks, timeout=2))[1]:
                task.cancel()


def post(port: int, host: str = "127.0.0.1", scheme: str = "http", method: str = "POST") -> ProviderRequest:
    body = b"To=%2B33612345678&Body=hello" if method == "POST" else b""
    target = parse_target(f"{scheme}://{host}:{port}/2010-04-01/Messages.json")
    return ProviderRequest(method, target, SECRET, (("Content-Type", "application/x-www-form-urlencoded"),), body)


def make_certificate(folder: Path, *names: str, now: datetime | None = None) -> tuple[ssl.SSLContext, Path]:
    """The context of a server, and the file by which a client trusts it."""
    certificate, key, _ = make_self_signed(names, now or datetime.now(UTC))
    files = folder / "server.crt", folder / "server.key"
    for file, octets in zip(files, (certificate, key), strict=True):
        file.write_bytes(octets)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    return context, files[0]


async def relay(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a proxy, which leads every name to this machine."""
    head = await peer.read_request(reader)
    port = int(head.split(" ")[1].rpartition(":")[2])
    upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(_pump(reader, upstream_writer), _pump(upstream_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(4096):
            writer.write(octets)
            await writer.drain()
    writer.close()
