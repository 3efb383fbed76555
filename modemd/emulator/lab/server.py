"""Server of `modemd emulate`: a lab on ptys in a folder, with its control API on a Unix socket there.

Folder: `modem0`, `modem1`, ... (links to ptys), `control.sock` (0660), `journal.jsonl` (the truth journal, appended
to).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable

from modemd.emulator.lab.control_api import create_app
from modemd.emulator.lab.lab import Lab, LabModem, LabOptions
from modemd.errors import ConfigError
from modemd.http.unix import listening, serving

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve(
    options: LabOptions, ready: Callable[[str], None], *, prepare: Callable[[Lab], None] | None = None
) -> None:
    """Runs a lab until SIGTERM or SIGINT, then removes links and socket.

    `prepare` is called with the lab before any host can reach it (for hooks and behaviour of the caller's own); `ready`
    is called with one line for each modem, `name port family number IMEI ICCID`, when all can be used. Raises
    ConfigError for impossible options, or a folder that another emulator uses; OSError if the folder cannot hold a lab.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    with contextlib.ExitStack() as undo:
        if problems := options.problems():
            raise ConfigError(problems)
        options.directory.mkdir(parents=True, exist_ok=True)
        listener = undo.enter_context(listening(options.directory / "control.sock"))
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
            undo.callback(loop.remove_signal_handler, number)
        lab = Lab(options, loop)
        undo.callback(lab.close)
        if prepare is not None:
            prepare(lab)
        for modem in lab.modems.values():
            ready(_line(modem))  # the socket listens already: a client that connects now waits a moment
        async with serving(create_app(lab), listener):
            await stop.wait()


def _line(modem: LabModem) -> str:
    device = modem.device
    return f"{device.name} {modem.link.path} {device.family.name} {modem.sim.number} {device.imei} {modem.sim.iccid}"
