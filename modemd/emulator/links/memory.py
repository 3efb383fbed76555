"""In-memory line between a host and a device, for simulated time.

Octets pass by `timers.after(0, ...)`, each direction through a queue of its own: so they keep the order of writing on
any Timers, and neither side is ever called from inside its own call.
"""

from __future__ import annotations

from collections.abc import Callable

from modemd.emulator.device.device import Device
from modemd.emulator.links.link import Link
from modemd.emulator.timers import Timers


def _ignore_data(data: bytes) -> None:
    return None


def _ignore_loss() -> None:
    return None


class MemoryPort:
    """The host's side of an open line, with the callbacks `on_data` and `on_lost`. After a loss, write() raises OSError."""

    def __init__(self, link: MemoryLink, timers: Timers) -> None:
        self.on_data: Callable[[bytes], None] = _ignore_data
        self.on_lost: Callable[[], None] = _ignore_loss
        self._link: MemoryLink | None = link
        self._timers = timers
        self._to_device = bytearray()
        self._to_host = bytearray()

    @property
    def is_open(self) -> bool:
        return self._link is not None

    def write(self, data: bytes) -> None:
        """Sends octets to the device. Raises OSError if the port is closed or lost."""
        if self._link is None:
            raise OSError(5, "the port is gone")
        if not self._to_device:
            self._timers.after(0, self._deliver_to_device)
        self._to_device += data

    def close(self) -> None:
        """Closes the port; written octets still reach the device, as on a tty."""
        if self._link is not None:
            link, self._link = self._link, None
            link.closed(self)

    def _deliver_to_device(self) -> None:
        data = bytes(self._to_device)
        self._to_device.clear()
        if self._link is not None:
            self._link.device.feed(data)

    # -- the link's side

    def drain(self, device: Device) -> None:
        """Passes to the device the octets that are still on their way."""
        if self._to_device:
            data = bytes(self._to_device)
            self._to_device.clear()
            device.feed(data)

    def receive(self, data: bytes) -> None:
        """Takes octets from the device."""
        if not self._to_host:
            self._timers.after(0, self._deliver_to_host)
        self._to_host += data

    def lose(self) -> None:
        """Ends the line, and calls `on_lost` afterwards."""
        self._link = None
        self._to_device.clear()
        self._timers.after(0, self._deliver_loss)

    def _deliver_to_host(self) -> None:
        data = bytes(self._to_host)
        self._to_host.clear()
        if self._link is not None and data:
            self.on_data(data)

    def _deliver_loss(self) -> None:
        self.on_lost()


class MemoryLink(Link):
    """A device's line in memory. One host at a time can open it, as an exclusive tty."""

    def __init__(self, device: Device, timers: Timers) -> None:
        super().__init__(device)
        self._timers = timers
        self._plugged = True
        self._port: MemoryPort | None = None

    @property
    def plugged(self) -> bool:
        return self._plugged

    def open(self) -> MemoryPort:
        """Opens the host's side. Raises FileNotFoundError while unplugged, OSError (busy) while another host has it open."""
        if not self._plugged:
            raise FileNotFoundError(2, "no such port", self.device.name)
        if self._port is not None:
            raise OSError(16, "the port is in use", self.device.name)
        port = self._port = MemoryPort(self, self._timers)
        self.device.connect(port.receive)
        return port

    def closed(self, port: MemoryPort) -> None:
        """Disconnects the host that closed its side."""
        if self._port is port:
            port.drain(self.device)
            self._port = None
            self.device.disconnect()

    def lost(self) -> None:
        self._plugged = False
        port, self._port = self._port, None
        if port is not None:
            self.device.disconnect()
            port.lose()

    def back(self) -> None:
        self._plugged = True
