"""Bounds of a server: clients that hold a connection without a request, and too many of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from modemd.http import bounded
from modemd.http.bounded import BoundedProtocol, Bounds, choose_bounds
from modemd.http.unix import listening, serving

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """Answers at once with `body`, or when `go` is set."""

    def __init__(self, body: bytes = b"done") -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.body = body
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        self.asked += 1
        await self.go.wait()
        length = (b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": self.body})


@contextlib.asynccontextmanager
async def served(folder: Path, app: Application, bounds: Bounds) -> AsyncIterator[Path]:
    with listening(folder / "s") as listener:
        async with serving(app, listener, bounds):
            yield folder / "s"


class Client:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, path: Path) -> Client:
        return cls(*await asyncio.open_unix_connection(path))

    async def ask(self) -> bytes:
        """The answer to one request, up to the end of its body."""
        self.writer.write(REQUEST)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head + await self.reader.readexactly(length)

    async def is_let_go(self) -> bool:
        """Waits until the server ends the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10) == b""
        except ConnectionError:
            return True


async def test_a_client_without_a_request_is_let_go(tmp_path: Path) -> None:
    """A connection without a request, with half a head, and after an answer ends when the time for a request is over."""
    async with served(tmp_path, Application(), Bounds(idle_s=0.05)) as path:
        silent, half, answered = [await Client.connect(path) for _ in range(3)]
        half.writer.write(REQUEST[:10])
        assert b"200 OK" in await answered.ask()
        for client in (silent, half, answered):
            assert await client.is_let_go()
            client.writer.close()


async def test_a_client_whose_request_is_under_way_is_not_let_go(tmp_path: Path) -> None:
    """The time for a request does not end one that has begun."""
    app = Application()
    app.go.clear()
    async with served(tmp_path, app, Bounds(idle_s=0.02)) as path:
        patient, silent = [await Client.connect(path) for _ in range(2)]
        asking = asyncio.ensure_future(patient.ask())
        assert await silent.is_let_go()
        app.go.set()
        assert b"200 OK" in await asking
        patient.writer.close()
        silent.writer.close()


async def test_idle_clients_make_room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of too many clients, those that have waited longest are let go; the next one is served; and the log has one line."""
    async with served(tmp_path, Application(), Bounds(connections=4, idle_s=60, spared_s=0)) as path:
        idle = [await Client.connect(path) for _ in range(20)]
        last = await Client.connect(path)
        assert b"200 OK" in await last.ask()
        for client in idle[:17]:
            assert await client.is_let_go()
        assert not idle[-1].reader.at_eof()
        for client in (*idle, last):
            client.writer.close()
    assert [record.getMessage() for record in caplog.records if "too many clients" in record.getMessage()] == [
        "too many clients of the socket; those without a request are let go clients=4"
    ]


async def test_a_client_that_has_just_come_keeps_its_place(tmp_path: Path) -> None:
    """In a sudden crowd the last is refused, and none of those whose requests may be on their way is let go."""
    async with served(tmp_path, Application(), Bounds(connections=2, spared_s=60)) as path:
        clients = [await Client.connect(path) for _ in range(2)]
        late = await Client.connect(path)
        assert (await late.reader.read()).startswith(b"HTTP/1.1 503")
        for client in clients:
            assert b"200 OK" in await client.ask()
        for client in (*clients, late):
            client.writer.close()


async def test_a_sudden_crowd_gets_no_further_places(tmp_path: Path) -> None:
    """Of fifty clients at the same moment those that found a place keep it, and every other one is refused."""
    async with served(tmp_path, Application(), Bounds(connections=4, spared_s=60)) as path:
        await asyncio.sleep(0.05)  # the server listens, and has set how many may wait
        sockets = [socket.socket(socket.AF_UNIX) for _ in range(50)]
        for each in sockets:
            each.connect(str(path))  # the loop stands still meanwhile: all of them wait to be accepted
        clients = [Client(*await asyncio.open_unix_connection(sock=each)) for each in sockets]
        refused = [await asyncio.wait_for(client.reader.read(), 5) for client in clients[4:]]
        assert all(answer.startswith(b"HTTP/1.1 503") for answer in refused)
        for client in clients[:4]:
            assert b"200 OK" in await client.ask()
        for client in clients:
            client.writer.close()


async def test_a_client_too_many_is_refused_while_all_are_at_work(tmp_path: Path) -> None:
    """If every client has a request under way, the next gets 503 with the one JSON body, and those at work get their answers."""
    app = Application()
    app.go.clear()
    async with served(tmp_path, app, Bounds(connections=2)) as path:
        clients = [await Client.connect(path) for _ in range(2)]
        asking = [asyncio.ensure_future(client.ask()) for client in clients]
        while app.asked < 2:  # noqa: ASYNC110 - a moment
            await asyncio.sleep(0)
        late = await Client.connect(path)
        head, _, body = (await late.reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert json.loads(body)["code"] == "too_many_clients"
        app.go.set()
        assert all(b"200 OK" in answer for answer in await asyncio.gather(*asking))
        for client in (*clients, late):
            client.writer.close()


async def test_what_comes_behind_an_early_answer_is_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An application may answer before the body is there; what the client then sends, garbled as it is, does no harm."""
    app = Application()
    async with served(tmp_path, app, Bounds()) as path:
        client = await Client.connect(path)
        client.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b"200 OK" in await client.reader.readuntil(b"done")
        client.writer.write(b"ZZ\r\n")
        await client.writer.drain()
        await asyncio.sleep(0.05)
        client.writer.close()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_an_answer_that_is_not_read_is_given_up(tmp_path: Path) -> None:
    """A client that asks for much and reads nothing loses its connection, and its answer's memory is free again."""
    async with served(tmp_path, Application(b"x" * 8_000_000), Bounds(unread_s=0.05)) as path:
        reader, writer = await asyncio.open_unix_connection(path, limit=1)
        writer.write(REQUEST)
        while not writer.is_closing() and not reader.at_eof() and reader.exception() is None:
            await asyncio.sleep(0.01)
            writer.write(b"\n")
        writer.close()


async def test_a_client_that_closes_its_side_gets_its_answers(tmp_path: Path) -> None:
    """To all requests before the end, one behind the other; then the connection ends. Half a request has no answer."""
    app = Application()
    app.go.clear()
    async with served(tmp_path, app, Bounds(idle_s=60)) as path:
        clients = [await Client.connect(path) for _ in range(4)]
        one, three, half, slow = clients
        one.writer.write(REQUEST)
        three.writer.write(REQUEST * 3)
        half.writer.write(REQUEST[:10])
        slow.writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        for client in clients:
            client.writer.write_eof()
        assert await half.is_let_go()
        assert await slow.is_let_go()
        app.go.set()
        assert (await asyncio.wait_for(one.reader.read(), 10)).count(b"200 OK") == 1
        assert (await asyncio.wait_for(three.reader.read(), 10)).count(b"200 OK") == 3
        for client in clients:
            client.writer.close()


async def test_a_request_that_is_not_read_before_the_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application has never seen it, and the client is told."""
    app = Application()
    async with served(tmp_path, app, Bounds(idle_s=60)) as path:
        client = await Client.connect(path)
        await client.ask()
        monkeypatch.setattr(BoundedProtocol, "_read", lambda connection: None)  # its slice has not come
        client.writer.write(REQUEST)
        await asyncio.sleep(0.05)
    answer = await asyncio.wait_for(client.reader.read(), 10)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"stopping"' in answer
    assert app.asked == 1
    client.writer.close()


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [
        pytest.param(1024, bounded.MOST_CONNECTIONS, id="as usual"),
        pytest.param(256, 64, id="few"),
        pytest.param(2, 1, id="hardly any"),
        pytest.param(resource.RLIM_INFINITY, bounded.MOST_CONNECTIONS, id="no limit"),
    ],
)
def test_clients_take_a_quarter_of_the_descriptors(
    monkeypatch: pytest.MonkeyPatch, descriptors: int, connections: int
) -> None:
    """Three quarters of what the process may open are left for modems and the database."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))
    assert choose_bounds().connections == connections
