"""Port lists: the machine's, by pyserial and sysfs; and that of an emulator in another process, which has both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from modemd.errors import PortGone
from modemd.modem.discovery import uevents
from modemd.modem.discovery.devices import UsbDevice, UsbPort
from modemd.modem.link.blocking import run_blocking

# Reading the descriptors of a device that is just leaving takes as long as the kernel tries.
LIST_TIMEOUT_S = 10.0
POLL_INTERVAL_S = 0.5
SYSFS = Path("/sys/bus/usb/devices")


@dataclass(frozen=True, slots=True)
class ListedPort:
    """What pyserial tells of a port on Linux, as far as it is used."""

    device: str
    usb_device_path: str
    usb_interface_path: str


class SystemPorts:
    """What is plugged into this machine."""

    async def devices(self) -> list[UsbDevice]:
        return await _list_blocking(lambda: assemble_devices(_list_system_ports(), SYSFS))

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        return uevents.watch(changed) or (lambda: None)


class EmulatedPorts:
    """What is plugged into the emulator that runs in `folder`; `fetch` asks its control door for `/usb`."""

    def __init__(self, folder: Path, fetch: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        self._folder = folder
        self._fetch = fetch

    async def devices(self) -> list[UsbDevice]:
        return await _list_blocking(self._list_devices)

    def _list_devices(self) -> list[UsbDevice]:
        names = ("device", "usb_device_path", "usb_interface_path")
        return assemble_devices(
            [ListedPort(*(str(port[name]) for name in names)) for port in self._fetch()], self._folder / "usb"
        )

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """No kernel tells of its ports; but their names come and go in its folder."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        seen = self._list_change_times()

        def look() -> None:
            nonlocal timer, seen
            if (now := self._list_change_times()) != seen:
                seen = now
                changed()
            timer = loop.call_later(POLL_INTERVAL_S, look)

        look()
        return lambda: timer.cancel() if timer is not None else None

    def _list_change_times(self) -> list[int]:
        return [_changed_at(folder) for folder in (self._folder, self._folder / "usb")]


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


async def _list_blocking(work: Callable[[], list[UsbDevice]]) -> list[UsbDevice]:
    try:
        return await run_blocking("list ports", work, LIST_TIMEOUT_S)
    except TimeoutError:
        raise PortGone(f"listing the ports takes more than {LIST_TIMEOUT_S:g} s") from None
    except OSError as error:
        raise PortGone(f"the ports cannot be listed: {error.strerror or error}") from error


def _list_system_ports() -> list[ListedPort]:
    return [
        ListedPort(port.device, port.usb_device_path, port.usb_interface_path)
        for port in list_ports.comports()
        if port.usb_device_path is not None and port.usb_interface_path is not None
    ]


def assemble_devices(ports: Iterable[ListedPort], sysfs: Path) -> list[UsbDevice]:
    """The devices under `sysfs` in the order of their places, each with those of `ports` that are its own."""
    of_place: dict[str, list[UsbPort]] = {}
    for port in ports:
        of_place.setdefault(Path(port.usb_device_path).name, []).append(_port(port))
    found = (_device(folder, of_place.get(folder.name, [])) for folder in _folders(sysfs))
    return [device for device in found if device is not None]


def _folders(sysfs: Path) -> list[Path]:
    """A device is `1-1.2`; `1-1.2:1.0` is an interface, `usb1` a bus."""
    try:
        return sorted(folder for folder in sysfs.iterdir() if ":" not in folder.name and "-" in folder.name)
    except OSError:
        return []


def _device(folder: Path, ports: list[UsbPort]) -> UsbDevice | None:
    vendor_id, product_id = _number(folder / "idVendor"), _number(folder / "idProduct")
    if vendor_id is None or product_id is None:  # it has just gone
        return None
    words = [word for name in ("manufacturer", "product") if (word := _text(folder / name))]
    # The lowest interface first, whatever the ttys are called.
    ports.sort(key=lambda port: (port.interface is None, port.interface, port.path))
    return UsbDevice(folder.name, vendor_id, product_id, " ".join(dict.fromkeys(words)), tuple(ports))


def _port(port: ListedPort) -> UsbPort:
    folder = Path(port.usb_interface_path)
    names = ("bInterfaceNumber", "bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    return UsbPort(port.device, *(_number(folder / name) for name in names))


def _number(path: Path) -> int | None:
    try:
        return int(_text(path), 16)
    except ValueError:
        return None


def _text(path: Path) -> str:
    """A file of sysfs; empty where it is not there, or the device has gone."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
