"""What is plugged in: USB devices with their serial ports, as a port list tells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A serial port of a USB device. `path` opens it; numbers are as in the interface's descriptor, None where the system does
    not tell them."""

    path: str
    interface: int | None = None
    interface_class: int | None = None
    subclass: int | None = None
    protocol: int | None = None


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A device in its `place` in the tree (`1-1.2`: bus 1, hub on port 1, its port 2). `product`: its own words, for people.

    Two devices may say one serial number, or none: only the place tells them apart.
    """

    location: str
    vendor_id: int
    product_id: int
    product: str = ""
    ports: tuple[UsbPort, ...] = ()

    @property
    def ids(self) -> str:
        """`12d1:1506`."""
        return f"{self.vendor_id:04x}:{self.product_id:04x}"


class PortList(Protocol):
    """Where the service learns what is plugged in."""

    async def devices(self) -> list[UsbDevice]:
        """All USB devices there are now, those without a serial port too. PortGone where they cannot be listed."""

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed`, on the loop, when the list may be another one: a hint that may fail to come. The answer ends it."""


class NoPorts:
    """A port list where nothing is ever plugged in."""

    async def devices(self) -> list[UsbDevice]:
        return []

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        return _do_nothing


def _do_nothing() -> None:
    """There is nothing to end."""
