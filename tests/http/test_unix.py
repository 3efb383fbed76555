"""HTTP on a Unix socket: the place, who may stand there, and both ends."""

from __future__ import annotations

import asyncio
import http.client
import io
import os
import signal
import socket
import stat
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modemd import logs
from modemd.accounts import user_name
from modemd.errors import ConfigError
from modemd.http import unix
from modemd.http.unix import LONGEST_PATH, listening, serving

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def echo(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    """An application that says what it was asked."""
    body = (await receive()).get("body", b"")
    kind = dict(scope["headers"]).get(b"content-type", b"none")
    said = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {kind.decode()} ".encode() + body
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "door.sock"


def test_the_socket_is_open_to_the_group(path: Path) -> None:
    """The socket has mode 0660 while it is open, and is gone afterwards."""
    with listening(path):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


def test_a_stale_socket_is_replaced(path: Path) -> None:
    """What a killed process left behind is in nobody's way."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert path.exists()
    with listening(path):
        pass


def test_two_may_not_listen(path: Path) -> None:
    """Where somebody listens nobody else does, and the first goes on."""
    with listening(path):
        with pytest.raises(ConfigError, match="another process listens there"), listening(path):
            pass
        assert path.exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        pytest.param("x" * LONGEST_PATH, f"the path is longer than {LONGEST_PATH} octets", id="too long"),
        pytest.param("missing/door.sock", "No such file or directory; check the path", id="no folder"),
    ],
)
def test_a_path_that_cannot_be_a_socket_is_reported(tmp_path: Path, name: str, complaint: str) -> None:
    """A path that no socket can have is a mistake of the configuration."""
    with pytest.raises(ConfigError, match=complaint), listening(tmp_path / name):
        pass


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("GET", "/a?b=c"), b"GET /a?b=c none ", id="get"),
        pytest.param(("POST", "/a", b"{}"), b"POST /a? application/json {}", id="post"),
        pytest.param(("POST", "/a", b"x,y", "text/csv"), b"POST /a? text/csv x,y", id="a type of its own"),
    ],
)
async def test_both_ends_meet(path: Path, arguments: tuple[Any, ...], said: bytes) -> None:
    """A request arrives as it was made, and its answer comes back with its status."""
    with listening(path) as door:
        async with serving(echo, door) as serving_task:
            assert await asyncio.to_thread(unix.request, path, *arguments) == (201, said)
            assert not serving_task.done()
        assert serving_task.done()


async def test_requests_leave_no_line_in_the_log(path: Path) -> None:
    """Not after the log was set up again either, as a reload does: paths hold the identities of SIMs."""
    stream = io.StringIO()
    with listening(path) as listener:
        async with serving(echo, listener):
            logs.configure("info", stream)
            await asyncio.to_thread(unix.request, path, "POST", "/v1/sims/8933010000000000010/admit")
    assert "8933010000000000010" not in stream.getvalue()


async def test_serving_leaves_the_signals_alone(path: Path) -> None:
    """SIGTERM stays whose it was: the daemon ends in its own order."""
    before = signal.getsignal(signal.SIGTERM)
    with listening(path) as door:
        async with serving(echo, door):
            assert signal.getsignal(signal.SIGTERM) is before


def test_nobody_there_is_an_os_error(path: Path) -> None:
    """Where no socket is, and where nobody listens at one, the caller can tell."""
    with pytest.raises(FileNotFoundError):
        unix.request(path, "GET", "/")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(ConnectionRefusedError):
        unix.request(path, "GET", "/")


@pytest.fixture(
    params=[b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b""],
    ids=["no HTTP", "half", "nothing"],
)
def babble(request: pytest.FixtureRequest, path: Path) -> Iterator[Path]:
    """Somebody who listens, answers this, and hangs up."""

    def speak(door: socket.socket) -> None:
        connection, _ = door.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(request.param)

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        speaker = threading.Thread(target=speak, args=(door,))
        speaker.start()
        yield path
        speaker.join()


def test_an_answer_that_is_no_http_is_an_os_error(babble: Path) -> None:
    """A stranger behind the socket is one more way of not being answered, not a crash."""
    with pytest.raises(ConnectionError):
        unix.request(babble, "GET", "/")


def test_a_client_waits_while_the_queue_of_clients_is_full(path: Path) -> None:
    """Where more clients come at once than the kernel queues, the next one waits for its turn, up to its time limit."""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        with pytest.raises(BlockingIOError):
            unix.request(path, "GET", "/", timeout_s=0.05)

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                connection.close()

        serving = threading.Timer(0.05, serve)
        serving.start()
        assert unix.request(path, "GET", "/", timeout_s=10) == (200, b"")
        serving.join()


async def test_a_start_is_no_line_of_the_server(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The daemon says itself that it starts and ends, in its own form."""
    caplog.set_level("INFO")
    with listening(path) as listener:
        async with serving(echo, listener):
            await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_who_asks_is_known_by_the_other_end_alone(path: Path) -> None:
    """By the Unix socket it is a user; by TCP an address, whatever a client on this machine says of itself."""
    clients: list[Any] = []

    async def app(scope: dict[str, Any], receive: Any, send: Send) -> None:
        clients.append(scope["client"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with listening(path) as listener, socket.create_server(("127.0.0.1", 0)) as port:
        port.setblocking(False)
        async with serving(app, listener), serving(app, port):
            await asyncio.to_thread(unix.request, path, "GET", "/")
            connection = http.client.HTTPConnection("127.0.0.1", port.getsockname()[1], timeout=10)
            await asyncio.to_thread(connection.request, "GET", "/", headers={"X-Forwarded-For": "203.0.113.7"})
            assert (await asyncio.to_thread(connection.getresponse)).status == 204
            connection.close()
    assert clients[0] == (user_name(os.getuid()), os.getuid())
    assert clients[1][0] == "127.0.0.1"
