"""USB devices with their serial ports, and the protocol of a port list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class UsbPort:
    """Serial port of a USB device. `path` opens it. The numbers are those of the interface's descriptor, None if the system
    does not tell them."""

    path: str
    interface: int | None = None
    interface_class: int | None = None
    subclass: int | None = None
    protocol: int | None = None


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """USB device at a `location` in the tree (`1-1.2`: bus 1, the hub on port 1, its port 2). `product` is its own text, for
    people.

    Two devices may have the same serial number, or none: only the location distinguishes them.
    """

    location: str
    vendor_id: int
    product_id: int
    product: str = ""
    ports: tuple[UsbPort, ...] = ()

    @property
    def ids(self) -> str:
        """Vendor and product id: `12d1:1506`."""
        return f"{self.vendor_id:04x}:{self.product_id:04x}"


class PortList(Protocol):
    """List of the USB devices that are plugged in."""

    async def devices(self) -> list[UsbDevice]:
        """Returns all USB devices that are plugged in, also those without a serial port. Raises PortGone if they cannot be
        listed."""

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed`, on the loop, when the list may have changed. This is a hint, which may fail to come. Returns a
        function that ends it."""


class NoPorts:
    """Port list to which nothing is ever plugged in."""

    async def devices(self) -> list[UsbDevice]:
        """Returns no device."""
        return []

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Never calls `changed`."""
        return _do_nothing


def _do_nothing() -> None:
    """Ends nothing, because nothing was begun."""
