"""HTTP on a Unix socket, both ends: uvicorn inside a loop that is ours, and a client of the standard library.

The daemon's API and the emulator's control door are served, and called by the command line, through this one module.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modemd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

# The kernel's limit for the path of a Unix socket is 108 octets with its end (man 7 unix).
LONGEST_PATH = 107
CLIENT_TIMEOUT_S = 60.0


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A listening Unix socket, mode 0660, in place of a stale one; removed at the end.

    ConfigError where the path is too long, or somebody listens there already.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise ConfigError([f"{path}: longer than {LONGEST_PATH} characters, the most a Unix socket can have"])
    _remove_stale(path)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o117)
    try:
        door.bind(str(path))
    except OSError as error:
        door.close()
        raise ConfigError([f"{path}: {error.strerror}; check the path and who may write there"]) from error
    finally:
        os.umask(mask)
    try:
        door.listen(64)
        door.setblocking(False)
        yield door
    finally:
        door.close()
        path.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    """Remove a socket nobody listens on. ConfigError where somebody does, or where the path is no socket."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigError([f"{path}: is there already and is no socket; choose another path"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
        return
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}; check the path and who may use it"]) from error
    raise ConfigError([f"{path}: another process listens there; stop it, or choose another place"])


@contextlib.asynccontextmanager
async def serving(app: Callable[..., Any], door: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve an ASGI application on `door` while the block runs. The task ends early only where serving failed."""
    import uvicorn

    stop = asyncio.Event()

    class Server(uvicorn.Server):
        """uvicorn that ends when told, instead of looking ten times a second, and keeps its hands off the signals: its own
        handling would end the process before we tidied up."""

        async def main_loop(self) -> None:
            await stop.wait()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    task = asyncio.get_running_loop().create_task(Server(config).serve(sockets=[door]), name="http")
    try:
        yield task
    finally:
        stop.set()
        await task


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def request(
    path: Path,
    method: str,
    target: str,
    body: bytes | None = None,
    content_type: str = "application/json",
    timeout_s: float = CLIENT_TIMEOUT_S,
) -> tuple[int, bytes]:
    """Status and body of one request to whoever listens at `path`. OSError where nobody does, or what listens is no HTTP."""
    connection = _Connection(path, timeout_s)
    try:
        connection.request(method, target, body, {"Content-Type": content_type} if body is not None else {})
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        if isinstance(error, OSError):
            raise
        raise ConnectionError(f"the answer is not HTTP ({type(error).__name__})") from error
    finally:
        connection.close()
