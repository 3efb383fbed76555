"""The kernel's uevents, by their bytes."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from modemd.modem.discovery import uevents

# As `socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)` gives them for a modem that is plugged in (udevadm monitor -k -p).
ADDED = (
    b"add@/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.1/ttyUSB1/tty/ttyUSB1\0"
    b"ACTION=add\0DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.1/ttyUSB1/tty/ttyUSB1\0"
    b"SUBSYSTEM=tty\0MAJOR=188\0MINOR=1\0DEVNAME=ttyUSB1\0SEQNUM=4711\0"
)


def event(action: bytes, subsystem: bytes) -> bytes:
    return b"%b@/devices/x\0ACTION=%b\0DEVPATH=/devices/x\0SUBSYSTEM=%b\0SEQNUM=1\0" % (action, action, subsystem)


def test_an_event_is_its_variables() -> None:
    """The header is left out: it says ACTION and DEVPATH again."""
    parsed = uevents.parse_uevent(ADDED)
    assert parsed is not None
    assert (parsed["ACTION"], parsed["SUBSYSTEM"], parsed["DEVNAME"], parsed["SEQNUM"]) == (
        "add",
        "tty",
        "ttyUSB1",
        "4711",
    )
    assert parsed["DEVPATH"].endswith("/tty/ttyUSB1")


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"add", id="no path"),
        pytest.param(b"add@relative\0ACTION=add\0", id="no devpath"),
        pytest.param(b"libudev\0\xfe\xed\xca\xfe" + bytes(28) + b"ACTION=add\0SUBSYSTEM=tty\0", id="udev's own words"),
        pytest.param(b"\xff\xff@/x\0", id="no action"),
    ],
)
def test_what_the_kernel_did_not_say_is_no_event(datagram: bytes) -> None:
    """Whatever else comes is not taken for one, and does no harm."""
    assert uevents.parse_uevent(datagram) is None
    assert not uevents.concerns_ports(datagram)


@pytest.mark.parametrize("cut", range(0, len(ADDED), 7))
def test_a_torn_event_does_no_harm(cut: int) -> None:
    """A datagram that is cut anywhere, or says no UTF-8, raises nothing."""
    uevents.concerns_ports(ADDED[:cut])
    uevents.concerns_ports(ADDED[:cut] + b"\xff\xfe" + ADDED[cut:])


@pytest.mark.parametrize(
    ("action", "subsystem", "concerns"),
    [
        (b"add", b"tty", True),
        (b"remove", b"tty", True),
        (b"add", b"usb", True),
        (b"bind", b"usb", True),
        (b"remove", b"usb-serial", True),
        (b"change", b"power_supply", False),
        (b"change", b"tty", False),
        (b"add", b"net", False),
    ],
)
def test_only_ports_and_usb_matter(action: bytes, subsystem: bytes, concerns: bool) -> None:
    """A laptop's battery tells of itself every minute: nothing is looked for then."""
    assert uevents.concerns_ports(event(action, subsystem)) is concerns


async def test_events_are_told_on_the_loop() -> None:
    """Each event of a port is told, others are not; ended, nothing is."""
    kernel, daemon = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    daemon.setblocking(False)
    told = asyncio.Event()
    end = uevents.listen(daemon, told.set)
    kernel.send(event(b"change", b"power_supply"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not told.is_set()
    kernel.send(ADDED)
    async with asyncio.timeout(5):
        await told.wait()
    end()
    assert daemon.fileno() == -1
    kernel.close()


class _Overrun:
    """A socket whose buffer ran over."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real

    def fileno(self) -> int:
        return self._real.fileno()

    def recv(self, size: int) -> bytes:
        self._real.recv(size)
        raise OSError(errno.ENOBUFS, "no buffer space available")

    def close(self) -> None:
        self._real.close()


async def test_lost_events_are_a_hint_too() -> None:
    """Where the kernel could not deliver some, anything may have come or gone."""
    kernel, daemon = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    told = asyncio.Event()
    end = uevents.listen(_Overrun(daemon), told.set)  # type: ignore[arg-type] # all that is used of a socket
    kernel.send(b"x")
    async with asyncio.timeout(5):
        await told.wait()
    end()
    kernel.close()


async def test_a_machine_without_events_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system, or a container that may not listen: that is no error, and there is nothing to end."""

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, "not permitted")

    class Forbidden(socket.socket):
        bind = forbidden

    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", Forbidden)
        assert uevents.watch(lambda: None) is None
    with monkeypatch.context() as patch:
        patch.delattr(socket, "AF_NETLINK", raising=False)
        assert uevents.watch(lambda: None) is None
    if (end := uevents.watch(lambda: None)) is not None:  # as this machine allows
        end()
