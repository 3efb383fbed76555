"""Port lists: of this machine, by pyserial and sysfs; and of an emulator in another process, which imitates both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from modemd.errors import PortGone
from modemd.light_dataclass import dataclass
from modemd.modem.discovery import uevents
from modemd.modem.discovery.devices import UsbDevice, UsbPort
from modemd.modem.link.blocking import run_blocking

# Reading the descriptors of a device that is being unplugged takes as long as the kernel keeps trying.
LIST_TIMEOUT_S = 10.0
POLL_INTERVAL_S = 0.5
SYSFS = Path("/sys/bus/usb/devices")


@dataclass(frozen=True, slots=True)
class ListedPort:
    """Port as pyserial lists it on Linux, with the attributes that are used."""

    device: str
    usb_device_path: str
    usb_interface_path: str


class SystemPorts:
    """Port list of this machine."""

    async def devices(self) -> list[UsbDevice]:
        """Returns all USB devices that are plugged in. Raises PortGone if they cannot be listed."""
        return await _list_blocking(lambda: assemble_devices(_list_system_ports(), SYSFS))

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` at each kernel event of a port; never if there are no such events. Returns a function that ends
        it."""
        return uevents.watch(changed) or (lambda: None)


class EmulatedPorts:
    """Port list of the emulator that runs in `folder`. `fetch` gets `/usb` from its control API."""

    def __init__(self, folder: Path, fetch: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        self._folder = folder
        self._fetch = fetch

    async def devices(self) -> list[UsbDevice]:
        """Returns all USB devices that are plugged into the emulator. Raises PortGone if they cannot be listed."""
        return await _list_blocking(self._list_devices)

    def _list_devices(self) -> list[UsbDevice]:
        names = ("device", "usb_device_path", "usb_interface_path")
        return assemble_devices(
            [ListedPort(*(str(port[name]) for name in names)) for port in self._fetch()], self._folder / "usb"
        )

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` when the folder of the emulator has changed, which has the name of each port: there are no kernel
        events for them. Returns a function that ends it."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        seen = self._list_change_times()

        def poll() -> None:
            nonlocal timer, seen
            if (now := self._list_change_times()) != seen:
                seen = now
                changed()
            timer = loop.call_later(POLL_INTERVAL_S, poll)

        poll()
        return lambda: timer.cancel() if timer is not None else None

    def _list_change_times(self) -> list[int]:
        return [_read_change_time(folder) for folder in (self._folder, self._folder / "usb")]


def _read_change_time(folder: Path) -> int:
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
    """Returns the devices under `sysfs` in the order of their locations, each with its own ports out of `ports`."""
    ports_by_location: dict[str, list[UsbPort]] = {}
    for port in ports:
        ports_by_location.setdefault(Path(port.usb_device_path).name, []).append(_make_port(port))
    found = (_make_device(folder, ports_by_location.get(folder.name, [])) for folder in _list_device_folders(sysfs))
    return [device for device in found if device is not None]


def _list_device_folders(sysfs: Path) -> list[Path]:
    """Lists the folders of devices: `1-1.2` is a device, `1-1.2:1.0` an interface, `usb1` a bus."""
    try:
        return sorted(folder for folder in sysfs.iterdir() if ":" not in folder.name and "-" in folder.name)
    except OSError:
        return []


def _make_device(folder: Path, ports: list[UsbPort]) -> UsbDevice | None:
    vendor_id, product_id = _read_hex(folder / "idVendor"), _read_hex(folder / "idProduct")
    if vendor_id is None or product_id is None:  # it has just gone
        return None
    words = [word for name in ("manufacturer", "product") if (word := _read_text(folder / name))]
    # The lowest interface first: the numbers of the ttys say nothing.
    ports.sort(key=lambda port: (port.interface is None, port.interface, port.path))
    return UsbDevice(folder.name, vendor_id, product_id, " ".join(dict.fromkeys(words)), tuple(ports))


def _make_port(port: ListedPort) -> UsbPort:
    folder = Path(port.usb_interface_path)
    names = ("bInterfaceNumber", "bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    return UsbPort(port.device, *(_read_hex(folder / name) for name in names))


def _read_hex(path: Path) -> int | None:
    """Returns the hexadecimal number in a file of sysfs; None if there is none."""
    try:
        return int(_read_text(path), 16)
    except ValueError:
        return None


def _read_text(path: Path) -> str:
    """Returns the text of a file in sysfs; empty if it is not there, or its device is gone."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
