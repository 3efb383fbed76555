"""Kernel events (uevents) about devices that were plugged in or removed, from the netlink socket (Linux, netlink(7))."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping

# From linux/netlink.h, and the kernel's own multicast group from lib/kobject_uevent.c. Python has no names for them.
NETLINK_KOBJECT_UEVENT = 15
KERNEL_GROUP = 1
_LARGEST = 8192  # UEVENT_BUFFER_SIZE is 2048; the header is extra
_SUBSYSTEMS = frozenset({"tty", "usb", "usb-serial"})
_ACTIONS = frozenset({"add", "remove", "bind", "unbind"})


def parse_uevent(datagram: bytes) -> Mapping[str, str] | None:
    """Returns the variables of a kernel's uevent: `ACTION`, `DEVPATH`, `SUBSYSTEM`, `DEVNAME`... None for anything else.

    A uevent is `add@/devices/pci0000:00/.../ttyUSB0`, then `KEY=value` strings, each ended by a zero octet.
    """
    header, _, rest = datagram.partition(b"\0")
    action, at, path = header.partition(b"@")
    if not at or not path.startswith(b"/") or not action.isalpha():
        return None
    pairs = (field.decode("utf-8", "replace").partition("=") for field in rest.split(b"\0"))
    return {key: value for key, equals, value in pairs if equals}


def concerns_ports(datagram: bytes) -> bool:
    """True if the event says that a serial port or a USB device was added or removed."""
    event = parse_uevent(datagram)
    return event is not None and event.get("SUBSYSTEM") in _SUBSYSTEMS and event.get("ACTION") in _ACTIONS


def watch(changed: Callable[[], None]) -> Callable[[], None] | None:
    """Calls `changed` on the loop at each uevent of a port. Returns a function that ends it; None if there is no such socket
    (a system other than Linux) or it may not be opened (some containers)."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return None
    kernel = socket.socket(family, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)
    try:
        kernel.setblocking(False)
        kernel.bind((0, KERNEL_GROUP))
    except OSError:
        kernel.close()
        return None
    return listen(kernel, changed)


def listen(kernel: socket.socket, changed: Callable[[], None]) -> Callable[[], None]:
    """Does the work of `watch` on an open socket."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    datagram = kernel.recv(_LARGEST)
                except BlockingIOError:
                    raise
                except OSError:  # ENOBUFS: events were lost, so the list may have changed
                    changed()
                    return
                if not datagram:
                    return
                if concerns_ports(datagram):
                    changed()

    def end() -> None:
        loop.remove_reader(kernel)
        kernel.close()

    loop.add_reader(kernel, readable)
    return end
