"""`modemd emulate`: a lab on ptys in a folder, and its control door on a Unix socket there.

Folder: `modem0`, `modem1`, ... (links to ptys), `control.sock` (0660), `journal.jsonl` (the truth journal, appended to).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from modemd.emulator.control import create_app
from modemd.emulator.lab import Lab, LabOptions, Modem
from modemd.errors import ConfigError

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """uvicorn that ends when told, instead of looking ten times a second, and keeps its hands off the signals: its own
    handling would end the process before we tidied up."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    async def main_loop(self) -> None:
        await self._stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    options: LabOptions, ready: Callable[[str], None], *, prepare: Callable[[Lab], None] | None = None
) -> None:
    """Run a lab until SIGTERM or SIGINT, then leave no link and no socket behind.

    `prepare` is handed the lab before any host can reach it (for hooks and behaviour of one's own); `ready` is called
    with one line a modem, `name port family number IMEI ICCID`, when all can be used. ConfigError for options that
    cannot be, or a folder another emulator uses; OSError where the folder cannot hold a lab.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    with contextlib.ExitStack() as undo:
        if problems := options.problems():
            raise ConfigError(problems)
        options.directory.mkdir(parents=True, exist_ok=True)
        door = undo.enter_context(_control_socket(options.directory / "control.sock"))
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
            undo.callback(loop.remove_signal_handler, number)
        lab = Lab(options, loop)
        undo.callback(lab.close)
        if prepare is not None:
            prepare(lab)
        config = uvicorn.Config(
            create_app(lab),
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        for modem in lab.modems.values():
            ready(_line(modem))  # the door listens already: a client that comes now waits a moment
        await _Server(config, stop).serve(sockets=[door])


def _line(modem: Modem) -> str:
    device = modem.device
    return f"{device.name} {modem.link.path} {device.family.name} {modem.sim.number} {device.imei} {modem.sim.iccid}"


@contextlib.contextmanager
def _control_socket(path: Path) -> Iterator[socket.socket]:
    """A listening Unix socket, mode 0660, in place of a stale one; removed at the end."""
    _remove_stale(path)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o117)
    try:
        door.bind(str(path))
    except OSError:
        door.close()
        raise
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
    """Remove a socket nobody listens on. ConfigError where somebody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise ConfigError([f"{path.parent}: another emulator runs there; stop it, or choose another folder"])
