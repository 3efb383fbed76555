"""A device on a real pty."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import subprocess
import sys
import termios
import weakref
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from modemd.emulator import Device, LoopTimers, Network
from modemd.emulator.links import PtyLink
from tests.emulator.bench import HELLO, becomes

DEADLINE_S = 5.0


class Opened:
    """A host's file descriptor on the slave, read without waiting."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._heard = b""

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    async def until(self, ending: bytes) -> bytes:
        """What comes up to this ending."""
        async with asyncio.timeout(DEADLINE_S):
            while ending not in self._heard:
                self._heard += await self.some()
        end = self._heard.index(ending) + len(ending)
        heard, self._heard = self._heard[:end], self._heard[end:]
        return heard

    async def some(self) -> bytes:
        """The next octets; OSError or b'' when the port is lost."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self.fd, ready.set)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await ready.wait()
        finally:
            loop.remove_reader(self.fd)
        return os.read(self.fd, 65536)

    def close(self) -> None:
        os.close(self.fd)


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[PtyLink]:
    """A generic modem on a pty under tmp_path/modem0, without latency."""
    loop = asyncio.get_running_loop()
    timers = LoopTimers(loop)
    network = Network(timers, delivery_latency_s=0, report_latency_s=0)
    device = Device(
        "modem0",
        "generic",
        network,
        timers,
        network.sim("+33700000001"),
        send_latency_s=0,
        prompt_latency_s=0,
        boot_factor=0,
    )
    link = PtyLink(device, tmp_path / "modem0", loop)
    yield link
    link.close()


@pytest.fixture
def host(link: PtyLink) -> Iterator[Opened]:
    """A host that has the port open."""
    host = Opened(link.path)
    yield host
    host.close()


async def _hosted(link: PtyLink, wanted: bool) -> None:
    """Wait until the device knows whether it has a host."""
    await becomes(lambda: link.hosted is wanted)


async def test_a_message_goes_out_over_a_pty(link: PtyLink, host: Opened) -> None:
    """Any program that can open a file can talk to the device; the tty is raw."""
    host.write(b"ATE0\r")
    assert await host.until(b"OK\r\n") == b"ATE0\r\r\nOK\r\n"
    host.write(b"AT+CMGF=0\r")
    await host.until(b"OK\r\n")
    host.write(b"AT+CMGS=18\r")
    assert await host.until(b"> ") == b"\r\n> "
    host.write(HELLO.encode() + b"\x1a")
    assert b"+CMGS: " in await host.until(b"OK\r\n")
    assert termios.tcgetattr(host.fd)[3] & (termios.ECHO | termios.ICANON) == 0


async def test_output_without_a_host_is_dropped(link: PtyLink) -> None:
    """Nothing said while nobody listened is heard later."""
    link.device.notice("+CMTI: before anybody")
    host = Opened(link.path)
    await _hosted(link, True)
    host.close()
    await _hosted(link, False)
    link.device.notice("+CMTI: between two")
    host = Opened(link.path)
    host.write(b"AT\r")
    assert await host.until(b"OK\r\n") == b"AT\r\r\nOK\r\n"
    host.close()


async def test_what_one_host_left_unread_is_not_for_the_next(link: PtyLink) -> None:
    """A host that closes without reading leaves nothing behind, though the kernel would keep it."""
    host = Opened(link.path)
    await _hosted(link, True)
    link.device.notice("+CMTI: for the first")
    assert select.select([host.fd], [], [], DEADLINE_S)[0]
    host.close()
    await _hosted(link, False)
    host = Opened(link.path)
    host.write(b"AT\r")
    assert await host.until(b"OK\r\n") == b"AT\r\r\nOK\r\n"
    host.close()


async def test_a_host_killed_in_the_middle_of_a_pdu(link: PtyLink) -> None:
    """kill -9 of the host leaves the device at its prompt; the next host's ESC ends that, nothing was sent."""
    script = (
        "import os, sys, time; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n"
        "def until(end):\n"
        "    heard = b''\n"
        "    while end not in heard: heard += os.read(fd, 4096)\n"
        "os.write(fd, b'ATE0\\r'); until(b'OK'); os.write(fd, b'AT+CMGS=18\\r'); until(b'> ')\n"
        "os.write(fd, b'0001000C9144'); print('typed', flush=True); time.sleep(60)\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", script, str(link.path), stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        assert await child.stdout.readline() == b"typed\n"
        child.kill()
        await child.wait()
    await _hosted(link, False)
    host = Opened(link.path)
    host.write(b"\x1b\r")
    assert await host.until(b"OK\r\n") == b"\r\nOK\r\n"
    host.close()
    assert len(link.device.network.journal) == 0


async def test_more_output_than_the_pty_takes_arrives_whole(link: PtyLink, host: Opened) -> None:
    """A pty takes some 20 KB at once; the rest follows as the host reads."""
    host.write(b"ATE0\r")
    await host.until(b"OK\r\n")
    for number in range(2000):
        link.device.notice(f"line {number:04d} of a flood")
    heard = await host.until(b"line 1999 of a flood\r\n")
    assert heard == b"".join(b"\r\nline %04d of a flood\r\n" % number for number in range(2000))
    host.write(b"AT\r")
    assert await host.until(b"OK\r\n") == b"\r\nOK\r\n"


async def test_unplugged_the_host_notices(link: PtyLink, host: Opened) -> None:
    """The name is gone at once, and the open descriptor fails."""
    host.write(b"AT\r")
    await host.until(b"OK\r\n")
    link.unplug()
    assert not link.path.is_symlink()
    with contextlib.suppress(OSError):
        assert await host.some() == b""
    with pytest.raises(OSError, match=r"\[Errno 5\]"):
        host.write(b"AT\r")


async def test_replugged_it_is_another_pty_under_the_same_name(link: PtyLink, host: Opened) -> None:
    """A new pty stands behind the old name, or behind another if one is given."""
    before = os.readlink(link.path)
    link.unplug()
    link.replug()
    assert os.readlink(link.path) != before  # the first is still open on the host's side
    again = Opened(link.path)
    again.write(b"AT\r")
    await again.until(b"OK\r\n")
    again.close()
    old = link.path
    link.unplug()
    link.replug(old.with_name("elsewhere"))
    assert not old.is_symlink()
    moved = Opened(old.with_name("elsewhere"))
    moved.write(b"AT\r")
    await moved.until(b"OK\r\n")
    moved.close()


async def test_closing_takes_the_name_away(link: PtyLink) -> None:
    """close() removes the link, but not one that somebody else has put there."""
    link.close()
    assert not link.path.is_symlink()
    link.back()
    link.path.unlink()
    link.path.symlink_to("/dev/null")
    link.close()
    assert os.readlink(link.path) == "/dev/null"


async def test_without_a_host_the_loop_does_not_spin(link: PtyLink) -> None:
    """A hung-up master is readable for ever; the loop must not be watching it while nobody has the port open."""
    loop = asyncio.get_running_loop()
    assert link._master is not None
    assert loop.remove_reader(link._master) is False
    host = Opened(link.path)
    await _hosted(link, True)
    host.close()
    await _hosted(link, False)
    assert loop.remove_reader(link._master) is False


def test_an_ended_loop_is_not_kept(tmp_path: Path) -> None:
    """Once the last link of a loop is closed nothing holds the loop, however many a process makes."""
    loop = asyncio.new_event_loop()
    timers = LoopTimers(loop)
    network = Network(timers)
    device = Device("modem0", "generic", network, timers, network.sim("+33700000001"))
    link = PtyLink(device, tmp_path / "modem0", loop)
    link.close()
    loop.close()
    kept = weakref.ref(loop)
    del loop, timers, network, device, link
    gc.collect()
    assert kept() is None


async def test_what_is_said_can_be_overheard(link: PtyLink) -> None:
    """A tap hears both sides, in order, as they speak."""
    heard: list[tuple[bool, bytes]] = []
    link.tap = lambda from_host, data: heard.append((from_host, data))
    host = Opened(link.path)
    host.write(b"ATE0\r")
    await host.until(b"OK\r\n")
    host.close()
    assert heard[0] == (True, b"ATE0\r")
    assert b"".join(data for from_host, data in heard if not from_host).endswith(b"OK\r\n")
