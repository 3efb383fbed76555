"""USB bus: emulated modems with vendor, product, interfaces and a place in the tree, in a port list like the system's.

`UsbBus.comports()` replaces `serial.tools.list_ports.comports()`. The number and protocol of an interface, by which an
AT port is recognised and which pyserial does not have, are where the kernel has them: in files under
`usb_interface_path` and `usb_device_path`, as in sysfs.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from serial.tools.list_ports_common import ListPortInfo

from modemd.emulator.links.pty import PtyLink


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """An interface: its number, and class, subclass and protocol of its descriptor (0xFF: the vendor's own)."""

    number: int
    interface_class: int = 0xFF
    subclass: int = 0xFF
    protocol: int = 0xFF
    name: str | None = None


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A USB device. `serial_number` None: it has none, as many bridges; many devices have the same one, as Huawei's."""

    vendor_id: int
    product_id: int
    interfaces: tuple[UsbInterface, ...]
    serial_number: str | None = None
    manufacturer: str | None = None
    product: str | None = None


STICK = UsbDevice(
    # 12d1:1506 is shared by many sticks, whose interfaces differ by firmware; E3372s: AT on 0 or 1 [usb-modeswitch-data].
    0x12D1,
    0x1506,
    # Subclass 02: protocol 01 is the modem (PPP), 02 the PCUI, on which AT commands are meant to go [ModemManager].
    (
        UsbInterface(0, subclass=0x02, protocol=0x01, name="Modem"),
        UsbInterface(1, subclass=0x02, protocol=0x02, name="PCUI"),
    ),
    serial_number="0123456789ABCDEF",  # the same in every E3372
    manufacturer="HUAWEI_MOBILE",
    product="HUAWEI_MOBILE",
)
"""A Huawei stick in stick mode."""

BRIDGE = UsbDevice(
    # CP2102 before a SIM800 or a similar modem: one interface, class ff/00/00, no trace of the modem behind it.
    0x10C4,
    0xEA60,
    (UsbInterface(0, subclass=0x00, protocol=0x00, name="CP2102 USB to UART Bridge Controller"),),
    serial_number="0001",  # the default of the chip; boards are sold with it
    manufacturer="Silicon Labs",
    product="CP2102 USB to UART Bridge Controller",
)
"""A serial bridge with a modem on its UART."""


class UsbPort(ListPortInfo):
    """A port as pyserial lists it on Linux: `device`, `vid`, `pid`, `serial_number`, `location`, and the paths of its sysfs."""

    subsystem = "usb-serial"

    def __init__(self, link: PtyLink, usb: UsbDevice, interface: UsbInterface, folder: Path) -> None:
        super().__init__(str(link.path), skip_link_detection=True)
        self.vid = usb.vendor_id
        self.pid = usb.product_id
        self.serial_number = usb.serial_number
        self.manufacturer = usb.manufacturer
        self.product = usb.product
        self.interface = interface.name
        self.usb_device_path = str(folder)
        self.usb_interface_path = str(folder / _interface_name(folder.name, interface))
        # As pyserial does: a device of several interfaces is located by interface, any other by itself.
        self.location = folder.name if len(usb.interfaces) == 1 else _interface_name(folder.name, interface)
        self.apply_usb_info()


@dataclass(frozen=True, slots=True)
class _Plugged:
    usb: UsbDevice
    ports: Mapping[int, PtyLink]


class UsbBus:
    """A tree of ports and hubs with devices. `folder` becomes its sysfs. Raises OSError if it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places: dict[str, _Plugged] = {}

    def attach(
        self, place: str, usb: UsbDevice, ports: Mapping[int, PtyLink], *, serial_number: str | None = None
    ) -> None:
        """Plugs a device in at a place (`1-1.2`: bus 1, hub on port 1, its port 2); `ports` maps interfaces to ptys.

        A link that is unplugged is not listed until it is back. Raises ValueError for a place that is taken, or an
        interface that the device does not have.
        """
        if place in self._places:
            raise ValueError(f"{place} is taken")
        if missing := ports.keys() - {interface.number for interface in usb.interfaces}:
            raise ValueError(f"the device has no interface {', '.join(map(str, sorted(missing)))}")
        usb = usb if serial_number is None else replace(usb, serial_number=serial_number)
        self._places[place] = _Plugged(usb, dict(ports))
        self._write(place, usb)

    def detach(self, place: str) -> None:
        """Removes the device at a place, with all its ports. Raises KeyError if there is none."""
        for link in self._places.pop(place).ports.values():
            link.unplug()
        self._hide(place)

    def move(self, place: str, to: str) -> None:
        """Moves a device to another place; its ports come back, and it boots.

        Raises KeyError if there is none, ValueError if the new place is taken.
        """
        moved = self._places[place]
        if to in self._places:
            raise ValueError(f"{to} is taken")
        self.detach(place)
        self.attach(to, moved.usb, moved.ports)
        for link in moved.ports.values():
            link.replug()

    def clear(self) -> None:
        """Removes all devices and the files of the bus. The links stay as they are."""
        self._places.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def comports(self) -> list[UsbPort]:
        """Returns the present ports, as `serial.tools.list_ports.comports()` does.

        If all links of a device are unplugged, its folder is removed, too, until one is back.
        """
        for place, plugged in self._places.items():
            is_plugged = not plugged.ports or any(link.plugged for link in plugged.ports.values())
            if not is_plugged:
                self._hide(place)
            elif not (self.folder / place).exists():
                self._write(place, plugged.usb)
        return [
            UsbPort(link, plugged.usb, interface, self.folder / place)
            for place, plugged in self._places.items()
            for interface in plugged.usb.interfaces
            if (link := plugged.ports.get(interface.number)) is not None and link.plugged
        ]

    def _hide(self, place: str) -> None:
        shutil.rmtree(self.folder / place, ignore_errors=True)

    def _write(self, place: str, usb: UsbDevice) -> None:
        folder = self.folder / place
        _write_files(
            folder,
            idVendor=f"{usb.vendor_id:04x}",
            idProduct=f"{usb.product_id:04x}",
            bNumInterfaces=f"{len(usb.interfaces):2}",
            serial=usb.serial_number,
            manufacturer=usb.manufacturer,
            product=usb.product,
        )
        for interface in usb.interfaces:
            _write_files(
                folder / _interface_name(place, interface),
                bInterfaceNumber=f"{interface.number:02x}",
                bInterfaceClass=f"{interface.interface_class:02x}",
                bInterfaceSubClass=f"{interface.subclass:02x}",
                bInterfaceProtocol=f"{interface.protocol:02x}",
                interface=interface.name,
            )


def _interface_name(place: str, interface: UsbInterface) -> str:
    return f"{place}:1.{interface.number}"  # the number is decimal here, and hexadecimal in bInterfaceNumber


def _write_files(folder: Path, **content: str | None) -> None:
    folder.mkdir(parents=True)
    for name, value in content.items():
        if value is not None:
            (folder / name).write_text(f"{value}\n", encoding="ascii")
