"""Is the emulator ever the bottleneck? `python -m benchmarks.emulator [SECONDS]`.

64 modems in one process. Idle: its CPU time while nobody asks anything, as a share of a core, with all ports closed and
with all open. Busy: exchanges (a command and its reply) a second over all modems together; over ptys with a client in
another process, and in memory. Beside them, in the same run and with the same client, a loop that answers every line
on bare ptys with OK: what no emulator of this kind can go above. Last, what the pytest plugin costs a run that does not use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import re
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Connection
from pathlib import Path

from modemd.emulator.lab.lab import Lab, LabOptions
from modemd.emulator.links import MemoryLink, MemoryPort

MODEMS = 64
TARGET = 5000
SECONDS = 3.0
AT = b"AT\r"
CSQ = b"AT+CSQ\r"
FAMILIES = ("generic", "huawei_e3372", "sim800")


# -- the client: a process of its own, which keeps one command on its way to each port


def client(pipe: Connection) -> None:
    """Serve `(paths, command, seconds)` from the pipe: answer with how many exchanges there were in that time."""
    while (order := pipe.recv()) is not None:
        pipe.send(asked(*order))


def asked(paths: list[str], command: bytes, seconds: float) -> int:
    ports = [os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) for path in paths]
    try:
        with selectors.DefaultSelector() as waiting:
            silence(ports)
            heard = dict.fromkeys(ports, b"")
            for port in ports:
                waiting.register(port, selectors.EVENT_READ)
                os.write(port, command)
            done = 0
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                for key, _ in waiting.select(1.0):
                    port = key.fd
                    heard[port] += os.read(port, 4096)
                    if b"\r\nOK\r\n" in heard[port]:
                        heard[port] = b""
                        done += 1
                        os.write(port, command)
            return done
    finally:
        for port in ports:
            os.close(port)


def silence(ports: list[int]) -> None:
    """Echo off, and nothing left of what was said until then."""
    time.sleep(0.3)  # until the emulator has seen that somebody opened them
    for port in ports:
        os.write(port, b"ATE0\r")
    time.sleep(0.5)
    for port in ports:
        with contextlib.suppress(BlockingIOError):
            os.read(port, 65536)


async def over_ptys(pipe: Connection, paths: list[str], command: bytes, seconds: float) -> float:
    """Exchanges a second, asked by the client while this process serves."""
    pipe.send((paths, command, seconds))
    loop = asyncio.get_running_loop()
    counted: asyncio.Future[int] = loop.create_future()
    loop.add_reader(pipe.fileno(), lambda: counted.set_result(pipe.recv()))
    try:
        return await counted / seconds
    finally:
        loop.remove_reader(pipe.fileno())


# -- what is measured against: bare ptys


@contextlib.asynccontextmanager
async def bare_ptys() -> AsyncIterator[list[str]]:
    """Ptys on this loop that answer each line with OK, read no further than its CR."""
    loop = asyncio.get_running_loop()
    pairs = [os.openpty() for _ in range(MODEMS)]
    for master, slave in pairs:
        tty.setraw(slave)
        os.set_blocking(master, False)
        loop.add_reader(master, answer_ok, master)
    try:
        yield [os.ttyname(slave) for _, slave in pairs]
    finally:
        for master, slave in pairs:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)


def answer_ok(master: int) -> None:
    lines = os.read(master, 65536).count(b"\r")
    os.write(master, b"\r\nOK\r\n" * lines)


# -- the measurements


async def idle(lab: Lab, seconds: float, *, opened: bool) -> float:
    """CPU time as a share of a core."""
    paths = [modem.link.path for modem in lab.modems.values()]
    ports = [os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) for path in paths] if opened else []
    await asyncio.sleep(0.5)
    began, began_at = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - began) / (time.perf_counter() - began_at)
    for port in ports:
        os.close(port)
    await asyncio.sleep(0.5)
    return share


async def in_memory(lab: Lab, command: bytes, seconds: float) -> float:
    """Exchanges a second with a host on the same loop."""
    loop = asyncio.get_running_loop()
    done = 0
    open_ports = []

    def asks(port: MemoryPort) -> Callable[[bytes], None]:
        def heard(data: bytes) -> None:
            nonlocal done
            if b"\r\nOK\r\n" in data:
                done += 1
                if loop.time() < end:
                    port.write(command)

        return heard

    end = loop.time() + 3600.0
    for modem in lab.modems.values():
        port = MemoryLink(modem.device, lab.timers).open()
        port.write(b"ATE0\r")
        open_ports.append(port)
    await asyncio.sleep(0.1)
    end = loop.time() + seconds
    for port in open_ports:
        port.on_data = asks(port)
        port.write(command)
    await asyncio.sleep(seconds)
    for port in open_ports:
        port.close()
    return done / seconds


def import_ms() -> float:
    """What `import modemd.emulator.plugin` takes beyond pytest itself, median of 7 processes."""
    took = []
    for _ in range(7):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "import pytest; import modemd.emulator.plugin"],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"\| +(\d+) \| +modemd\.emulator\.plugin$", done.stderr, re.M)
        package = re.search(r"\| +(\d+) \| modemd$", done.stderr, re.M)
        assert found is not None
        took.append((int(found[1]) + (int(package[1]) if package else 0)) / 1000)
    return statistics.median(took)


async def measure(pipe: Connection, seconds: float) -> bool:
    """Print a line a measurement; whether what is asked of the emulator is reached."""
    reached = True
    with tempfile.TemporaryDirectory() as name:
        options = LabOptions(Path(name), MODEMS, families=FAMILIES, boot_factor=0.0, chatty=True)
        lab = Lab(options, asyncio.get_running_loop())
        try:
            await asyncio.sleep(0.5)
            for opened in (False, True):
                share = await idle(lab, seconds, opened=opened)
                print(f"{MODEMS} modems idle, ports {'open  ' if opened else 'closed'}: {share:.3f} of a core")
            paths = [str(modem.link.path) for modem in lab.modems.values()]
            for what, command in (("AT", AT), ("AT+CSQ", CSQ)):
                rate = await over_ptys(pipe, paths, command, seconds)
                async with bare_ptys() as bare:
                    ceiling = await over_ptys(pipe, bare, command, seconds)
                print(
                    f"{what:<6} over {MODEMS} ptys: {rate:7.0f} exchanges/s, {rate / TARGET:4.1f} x the {TARGET} wanted; "
                    f"bare ptys {ceiling:7.0f}/s, ratio {rate / ceiling:.2f}"
                )
                reached &= rate >= TARGET
            for what, command in (("AT", AT), ("AT+CSQ", CSQ)):
                rate = await in_memory(lab, command, seconds)
                print(f"{what:<6} in memory:    {rate:7.0f} exchanges/s, {rate / TARGET:4.1f} x the {TARGET} wanted")
                reached &= rate >= TARGET
        finally:
            lab.close()
    took = import_ms()
    print(f"the pytest plugin, imported: {took:.1f} ms (below 50 wanted)")
    return reached and took < 50


def main() -> int:
    """The exit status says whether all that is wanted is reached."""
    ours, theirs = multiprocessing.Pipe()
    asker = multiprocessing.get_context("fork").Process(target=client, args=(theirs,), daemon=True)
    asker.start()  # before there is a loop or a pty to inherit
    try:
        return 0 if asyncio.run(measure(ours, float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)) else 1
    finally:
        ours.send(None)
        asker.join()


if __name__ == "__main__":
    sys.exit(main())
