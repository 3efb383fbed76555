"""Hostile clients of a TCP port, in a process of their own: `python -m tests.system.http.attackers PORT KEY SECONDS`.

Each kind goes on until the time is over, whatever it is answered. At the end, standard output has one JSON document: how often
each kind of client was answered with which status.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

IDLE_CLIENTS = 2000
MOST_DESCRIPTORS = 8192
# A client that was let go comes again after so long: 2,000 of them are 400 new connections a second.
AGAIN_S = 5.0
MIB = 1024 * 1024


class Attack:
    """Clients, and what they are answered. `answers`: by kind of client, how often which status came; `cut` is none."""

    def __init__(self, port: int, key: str, seconds: float, kinds: tuple[str, ...] = ()) -> None:
        self._port = port
        self._key = key
        self._kinds = kinds
        self._ends_at = time.monotonic() + seconds
        self.answers: dict[str, Counter[str]] = defaultdict(Counter)

    async def run(self) -> None:
        """Runs all kinds of clients, until the time is over."""
        kinds: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (IDLE_CLIENTS, self._wait),
            (20, self._trickle_head),
            (20, self._trickle_body),
            (2, self._announce_too_much),
            (2, self._lie),
            (1, self._send_chunks),
            (4, self._try_keys),
            (2, self._list_all),
            (2, self._send_batches),
        ]
        tasks = [
            asyncio.ensure_future(self._repeat(client))
            for count, client in kinds
            for _ in range(count)
            if not self._kinds or client.__name__ in self._kinds
        ]
        await asyncio.sleep(self._ends_at - time.monotonic())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, client: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await client()
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                self.answers[client.__name__]["cut"] += 1
                await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def _head(self, method: str, target: str, *lines: str, key: str | None = None) -> bytes:
        given = (f"{method} {target} HTTP/1.1", "Host: x", f"Authorization: Bearer {key or self._key}", *lines)
        return "".join(f"{line}\r\n" for line in (*given, "")).encode()

    async def _read(self, kind: str, reader: asyncio.StreamReader) -> bytes:
        """Notes the status of an answer, and returns its head."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.answers[kind][head.split()[1].decode()] += 1
        return head

    # -- clients that hold a connection

    async def _wait(self) -> None:
        async with self._connected() as (reader, _):
            answer = await reader.read(65536)
            self.answers["_wait"][answer.split()[1].decode() if answer else "cut"] += 1
        await asyncio.sleep(AGAIN_S)

    async def _trickle_head(self) -> None:
        await self._trickle("_trickle_head", b"", self._head("GET", "/v1/status"))

    async def _trickle_body(self) -> None:
        head = self._head("POST", "/v1/messages", "Content-Type: application/json", "Content-Length: 200")
        await self._trickle("_trickle_body", head, b" " * 200)

    async def _trickle(self, kind: str, at_once: bytes, slowly: bytes) -> None:
        """Sends a byte a second."""
        async with self._connected() as (reader, writer):
            writer.write(at_once)
            reading = asyncio.ensure_future(self._read(kind, reader))
            try:
                for octet in slowly:
                    done, _ = await asyncio.wait([reading], timeout=1)
                    if done:
                        break
                    writer.write(bytes([octet]))
                await reading
            finally:
                reading.cancel()

    # -- clients that send too much

    async def _announce_too_much(self) -> None:
        async with self._connected() as (reader, writer):
            writer.write(self._head("POST", "/v1/messages", f"Content-Length: {300 * MIB}") + b"x" * 65536)
            await self._read("_announce_too_much", reader)

    async def _lie(self) -> None:
        """More than was announced, then less."""
        json_type = "Content-Type: application/json"
        for body, announced in ((b"x" * 5000, 5), (b"x" * 10, 1000)):
            async with self._connected() as (reader, writer):
                writer.write(self._head("POST", "/v1/messages", json_type, f"Content-Length: {announced}") + body)
                if len(body) < announced:
                    writer.write_eof()
                await self._read("_lie", reader)

    async def _send_chunks(self) -> None:
        """A body without an end."""
        async with self._connected() as (reader, writer):
            writer.write(self._head("POST", "/v1/batches", "Transfer-Encoding: chunked"))
            reading = asyncio.ensure_future(self._read("_send_chunks", reader))
            try:
                while not reading.done():
                    writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    await writer.drain()
                await reading
            finally:
                reading.cancel()

    # -- floods

    async def _try_keys(self) -> None:
        async with self._connected() as (reader, writer):
            writer.write(self._head("GET", "/v1/status", key=f"mk_{time.monotonic_ns():043}"))
            await self._read("_try_keys", reader)

    async def _list_all(self) -> None:
        async with self._connected() as (reader, writer):
            writer.write(self._head("GET", "/v1/messages?limit=0", "Connection: close"))
            await self._read("_list_all", reader)
            while await reader.read(MIB):
                pass

    async def _send_batches(self) -> None:
        """Batches that are all of marketing: what is queued before them goes first."""
        first = time.monotonic_ns() % 100_000
        rows = "".join(f"+337{first:05}{row:03},Offer,marketing\n" for row in range(500))
        body = f"to,text,class\n{rows}".encode()
        async with self._connected() as (reader, writer):
            writer.write(self._head("POST", "/v1/batches", f"Content-Length: {len(body)}", "Connection: close") + body)
            await self._read("_send_batches", reader)


def main() -> None:
    """Attacks the port of the command line."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(MOST_DESCRIPTORS, hard)), hard))
    os.nice(10)  # attackers have machines of their own: what is measured is the daemon, not who gets a core
    port, key, seconds, *kinds = sys.argv[1:]
    attack = Attack(int(port), key, float(seconds), tuple(kinds))
    asyncio.run(attack.run())
    sys.stdout.write(json.dumps(attack.answers))


if __name__ == "__main__":
    main()
