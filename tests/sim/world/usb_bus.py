"""A USB bus in simulated time: emulated sticks plugged in, pulled and moved, whose ports get another name each time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from modemd.emulator.links.memory import MemoryLink
from modemd.emulator.usb.bus import UsbDevice as Emulated
from modemd.modem.discovery.devices import UsbDevice, UsbPort


class SilentPort:
    """A port that takes everything and never answers: diagnostics, positions."""

    def __init__(self, link: SilentLink) -> None:
        self._link = link
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        self._link.heard += data

    def close(self) -> None:
        return


class SilentLink:
    """The line of a port that is not for AT. `opened`, `heard`: what was done to it all the same."""

    plugged = True

    def __init__(self) -> None:
        self.opened = False
        self.heard = bytearray()

    def open(self) -> SilentPort:
        self.opened = True
        return SilentPort(self)


class SimBus:
    """`PortList` over memory. `hints` False: nobody tells of a change. What it plugs in, it puts into `links`, by path."""

    def __init__(self, links: dict[str, Any], *, hints: bool = True) -> None:
        self.links = links
        self.hints = hints
        self.listed = 0
        self._watchers: list[Callable[[], None]] = []
        self._plugged: dict[str, tuple[Emulated, dict[int, str]]] = {}

    def plug(self, place: str, usb: Emulated, link: MemoryLink | SilentLink | None = None, interface: int = 0) -> None:
        """Put a device into a free place; `link` is behind that interface, and nothing behind the others."""
        assert place not in self._plugged
        paths: dict[int, str] = {}
        for one in usb.interfaces if link is not None else ():
            paths[one.number] = path = next(f"/sim/ttyUSB{n}" for n in count() if f"/sim/ttyUSB{n}" not in self.links)
            self.links[path] = link if one.number == interface else SilentLink()
        self._plugged[place] = (usb, paths)
        if isinstance(link, MemoryLink) and not link.plugged:
            link.replug()
        self._tell()

    def pull(self, place: str) -> tuple[Emulated, MemoryLink, int]:
        """Take the device out. What `plug` wants of it."""
        usb, paths = self._plugged.pop(place)
        ((link, interface),) = [
            (self.links[path], number) for number, path in paths.items() if isinstance(self.links[path], MemoryLink)
        ]
        for path in paths.values():
            del self.links[path]
        link.unplug()
        self._tell()
        return usb, link, interface

    def move(self, place: str, to: str) -> None:
        """Pull it and plug it in elsewhere."""
        self.plug(to, *self.pull(place))

    def swap(self, place: str, other: str) -> None:
        """Two change places."""
        first, second = self.pull(place), self.pull(other)
        self.plug(place, *second)
        self.plug(other, *first)

    @property
    def watched(self) -> bool:
        """Whether somebody wants to be told."""
        return bool(self._watchers)

    def take_out(self, place: str) -> None:
        """Take out a device that is no stick."""
        for path in self._plugged.pop(place)[1].values():
            del self.links[path]
        self._tell()

    def _tell(self) -> None:
        for changed in self._watchers if self.hints else ():
            changed()

    # PortList

    async def devices(self) -> list[UsbDevice]:
        self.listed += 1
        return [self._device(place, usb, paths) for place, (usb, paths) in sorted(self._plugged.items())]

    def _device(self, place: str, usb: Emulated, paths: dict[int, str]) -> UsbDevice:
        ports = tuple(
            UsbPort(paths[one.number], one.number, one.interface_class, one.subclass, one.protocol)
            for one in usb.interfaces
            if one.number in paths and self.links[paths[one.number]].plugged
        )
        return UsbDevice(place, usb.vendor_id, usb.product_id, usb.product or "", ports)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)
