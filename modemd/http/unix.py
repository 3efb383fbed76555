"""HTTP on a Unix socket: a server (uvicorn in the caller's event loop), and a client made of the standard library.

The daemon's API and the emulator's control API are served with this module, and the command line calls them with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import http.client
import logging
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modemd.errors import ConfigError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from modemd.http.bounded import Bounds

# The kernel's limit for the path of a Unix socket is 108 octets, with the closing zero (unix(7)).
LONGEST_PATH = 107
CLIENT_TIMEOUT_S = 60.0
# Seconds that a request has to be answered after the end of the server.
GRACE_S = 1.0
# How many clients the kernel lets wait until they are accepted. They take none of our descriptors.
MOST_WAITING = 128


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Opens a listening Unix socket, mode 0660, replaces a stale one, and removes it at the end.

    ConfigError if the path is too long, or if a process listens there already.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise ConfigError([f"{path}: the path is longer than {LONGEST_PATH} octets, the most for a Unix socket"])
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o117)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise ConfigError([f"{path}: {error.strerror}; check the path and its permissions"]) from error
    finally:
        os.umask(mask)
    try:
        listener.listen(MOST_WAITING)
        listener.setblocking(False)
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    """Removes a socket on which no process listens. ConfigError if one does, or if the path is not a socket."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigError([f"{path}: exists and is not a socket; choose another path"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
        return
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}; check the path and its permissions"]) from error
    raise ConfigError([f"{path}: another process listens there; stop it, or choose another path"])


@contextlib.asynccontextmanager
async def serving(
    app: Callable[..., Any], listener: socket.socket, bounds: Bounds | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Serves an ASGI application on the socket `listener` while the block runs. The task ends early only if serving failed. What
    is not answered a second after the end of the block gets an error (`modemd.http.cut_requests`).

    `bounds`: of its clients; without them, those that fit this process. `tls`: the context of its connections, None for plain
    ones."""
    import uvicorn

    from modemd.http.bounded import ACCEPTED_AT_ONCE, BoundedProtocol, Crowd, choose_bounds
    from modemd.http.cut_requests import CutRequests
    from modemd.http.slices import own_slices

    with own_slices():
        context = contextvars.copy_context()

    class Protocol(BoundedProtocol):
        """Connection of a client of this server."""

        crowd = Crowd(bounds or choose_bounds())
        slices = context

    stop = asyncio.Event()

    class Server(uvicorn.Server):
        """uvicorn that waits for an event, instead of polling ten times a second, and leaves signals alone: its own handler
        would end the process before the daemon has stopped in order."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup([])
            server = await asyncio.get_running_loop().create_server(
                lambda: Protocol(config, self.server_state, self.lifespan.state),
                sock=listener,
                backlog=ACCEPTED_AT_ONCE,
                ssl=tls,
                # uvicorn would leave a minute to clients that never begin to speak TLS.
                ssl_handshake_timeout=Protocol.crowd.bounds.idle_s if tls is not None else None,
            )
            self.servers.append(server)
            listener.listen(MOST_WAITING)  # asyncio has set it to what it accepts at once

        async def main_loop(self) -> None:
            await stop.wait()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    requests = CutRequests(app)
    config = uvicorn.Config(
        requests,
        http=Protocol,
        ws="none",
        lifespan="off",
        backlog=ACCEPTED_AT_ONCE,
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        # uvicorn would believe whoever asks from this machine; `api.access.doorkeeper` believes the proxies of the configuration.
        proxy_headers=False,
    )
    # Paths hold the identities of SIMs. Propagation, by which uvicorn switches this log off, is on again after a reload.
    logging.getLogger("uvicorn.access").disabled = True
    # The daemon's own lines tell of its start and end; and a client must not fill the log with warnings about what it sends.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = Server(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]), name="http")
    try:
        yield task
    finally:
        requests.end()
        stop.set()
        await asyncio.wait([task], timeout=GRACE_S)
        # uvicorn would cancel the work on requests, in the middle of what follows from a change.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await requests.cut()
        for connection in list(server.server_state.connections):
            transport = connection.transport
            transport.abort() if transport.get_write_buffer_size() else transport.close()
        server.force_exit = True
        await task


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # A crowd of clients may wait to be accepted; then the kernel queues no further one. It waits with a socket that blocks,
        # and one with a time limit of Python's would be refused at once. A time of 0 would be no limit.
        limit = struct.pack("@ll", int(self.timeout or 0), int((self.timeout or 0) % 1 * 1e6) or 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self.sock.connect(str(self._path))
        self.sock.settimeout(self.timeout)


@contextlib.contextmanager
def open_response(
    path: Path, target: str, accept: str, timeout_s: float = CLIENT_TIMEOUT_S
) -> Iterator[http.client.HTTPResponse]:
    """Sends a GET to the server at `path`, and gives the response to be read step by step. OSError if none listens or it is not
    HTTP."""
    connection = _Connection(path, timeout_s)
    try:
        connection.request("GET", target, headers={"Accept": accept})
        yield connection.getresponse()
    except http.client.HTTPException as error:
        if isinstance(error, OSError):
            raise
        raise ConnectionError(f"the answer is not HTTP, or was cut ({type(error).__name__})") from error
    finally:
        connection.close()


def is_listening(path: Path) -> bool:
    """Returns True if a process listens at `path`, also one that this user may not ask."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CLIENT_TIMEOUT_S)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    finally:
        connection.close()
    return True


def request(
    path: Path,
    method: str,
    target: str,
    body: bytes | None = None,
    content_type: str = "application/json",
    timeout_s: float = CLIENT_TIMEOUT_S,
) -> tuple[int, bytes]:
    """Sends one request to the server at `path`, and returns status and body. OSError if none listens or it is not HTTP."""
    connection = _Connection(path, timeout_s)
    try:
        with contextlib.suppress(BrokenPipeError):  # refused before all of it was sent: the answer is there to be read
            connection.request(method, target, body, {"Content-Type": content_type} if body is not None else {})
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        if isinstance(error, OSError):
            raise
        raise ConnectionError(f"the answer is not HTTP ({type(error).__name__})") from error
    finally:
        connection.close()
