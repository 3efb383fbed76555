"""A device behind a TCP port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from modemd.emulator import Device, LoopTimers, Network
from modemd.emulator.links import TcpLink
from tests.emulator.bench import becomes


@pytest.fixture
async def link() -> AsyncIterator[TcpLink]:
    """A generic modem on a TCP port of the system's choice."""
    timers = LoopTimers(asyncio.get_running_loop())
    network = Network(timers)
    link = TcpLink(Device("modem0", "generic", network, timers, network.sim("+33700000001"), boot_factor=0))
    await link.start()
    yield link
    await link.close()


class Client:
    """A TCP client that closes what it opened."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, command: bytes) -> bytes:
        self.writer.write(command + b"\r")
        async with asyncio.timeout(5.0):
            return await self.reader.readuntil(b"OK\r\n")

    async def dropped(self) -> None:
        """Wait until the other side has closed, one way or the other."""
        async with asyncio.timeout(5.0):
            with contextlib.suppress(ConnectionError):
                assert await self.reader.read() == b""


@contextlib.asynccontextmanager
async def client(link: TcpLink) -> AsyncIterator[Client]:
    """A connection to the link."""
    reader, writer = await asyncio.open_connection(link.host, link.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_one_client_talks_to_the_device(link: TcpLink) -> None:
    """The first client is served, a second one is closed until the first has left."""
    assert link.url == f"socket://127.0.0.1:{link.port}"
    async with client(link) as first:
        assert await first.ask(b"ATE0") == b"ATE0\r\r\nOK\r\n"
        async with client(link) as second:
            await second.dropped()
        assert await first.ask(b"AT+CSQ") == b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n"
    await becomes(lambda: not link.served)
    async with client(link) as third:
        assert await third.ask(b"AT") == b"\r\nOK\r\n"


async def test_unplugged_the_client_is_dropped(link: TcpLink) -> None:
    """While unplugged nobody is served; plugged in again, the device answers from a fresh start."""
    async with client(link) as before:
        await before.ask(b"ATE0")
        link.unplug()
        await before.dropped()
    async with client(link) as meanwhile:
        await meanwhile.dropped()
    link.replug()
    async with client(link) as after:
        assert await after.ask(b"AT") == b"AT\r\r\nOK\r\n"
