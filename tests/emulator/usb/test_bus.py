"""Emulated modems in the system's port list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from modemd.emulator.device.family import families
from modemd.emulator.lab.lab import Lab, LabOptions
from modemd.emulator.usb.bus import BRIDGE, STICK, UsbBus, UsbDevice, UsbInterface
from modemd.emulator.usb.devices import DEVICES


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    lab = Lab(LabOptions(tmp_path / "lab", 3, boot_factor=0, chatty=False), asyncio.get_running_loop())
    yield lab
    lab.close()


@pytest.fixture
def bus(tmp_path: Path) -> UsbBus:
    return UsbBus(tmp_path / "sys")


async def test_a_port_is_listed_as_pyserial_lists_it(lab: Lab, bus: UsbBus) -> None:
    """Every attribute that pyserial fills in from sysfs is what it would read from this one."""
    bus.attach("1-1.2", STICK, {1: lab.modems["modem0"].link})
    (port,) = bus.comports()
    assert isinstance(port, ListPortInfo)
    assert (port.device, port.vid, port.pid) == (str(lab.directory / "modem0"), 0x12D1, 0x1506)
    assert (port.serial_number, port.location) == ("0123456789ABCDEF", "1-1.2:1.1")
    assert port.description == "HUAWEI_MOBILE - PCUI"
    assert port.hwid == "USB VID:PID=12D1:1506 SER=0123456789ABCDEF LOCATION=1-1.2:1.1"

    def read(folder: str, name: str) -> str:
        return (Path(folder) / name).read_text().rstrip("\n")

    device, interface = port.usb_device_path, port.usb_interface_path
    assert [read(device, name) for name in ("idVendor", "idProduct", "serial", "manufacturer", "product")] == [
        "12d1",
        "1506",
        port.serial_number,
        port.manufacturer,
        port.product,
    ]
    protocol = ("bInterfaceNumber", "bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol", "interface")
    assert [read(interface, name) for name in protocol] == ["01", "ff", "02", "02", "PCUI"]
    assert Path(interface).parent == Path(device)


async def test_two_that_say_the_same_are_told_by_their_place(lab: Lab, bus: UsbBus) -> None:
    """Sticks and bridges are sold with one serial number for all, or none: only where they sit tells them apart."""
    bus.attach("1-1", BRIDGE, {0: lab.modems["modem0"].link})
    bus.attach("1-2", BRIDGE, {0: lab.modems["modem1"].link})
    bus.attach("1-3", BRIDGE, {0: lab.modems["modem2"].link}, serial_number="A7")
    assert [(port.location, port.serial_number) for port in bus.comports()] == [
        ("1-1", "0001"),
        ("1-2", "0001"),
        ("1-3", "A7"),
    ]
    without = UsbDevice(0x1A86, 0x7523, (UsbInterface(0),))
    bus.attach("2-1", without, {})
    assert not (bus.folder / "2-1" / "serial").exists()


async def test_a_pulled_modem_is_not_listed(lab: Lab, bus: UsbBus) -> None:
    """Unplugged or detached it is gone from the list; replugged it is back; moved, it has another place and boots."""
    link = lab.modems["modem0"].link
    bus.attach("1-1", STICK, {1: link})
    link.unplug()
    assert (bus.comports(), list(bus.folder.iterdir())) == ([], [])
    link.replug()
    assert [port.location for port in bus.comports()] == ["1-1:1.1"]
    assert (bus.folder / "1-1" / "idVendor").exists()
    bus.move("1-1", "1-4.1")
    assert (link.plugged, [port.location for port in bus.comports()]) == (True, ["1-4.1:1.1"])
    assert sorted(path.name for path in bus.folder.iterdir()) == ["1-4.1"]
    bus.detach("1-4.1")
    assert (link.plugged, bus.comports(), list(bus.folder.iterdir())) == (False, [], [])


async def test_interfaces_are_numbered_as_in_sysfs(lab: Lab, bus: UsbBus) -> None:
    """The tail of the path is decimal, bInterfaceNumber hexadecimal."""
    many = UsbDevice(0x1199, 0x68A2, (UsbInterface(0), UsbInterface(10)))
    bus.attach("1-1", many, {10: lab.modems["modem0"].link})
    (port,) = bus.comports()
    assert port.location == "1-1:1.10"
    assert (Path(port.usb_interface_path) / "bInterfaceNumber").read_text() == "0a\n"


async def test_what_cannot_be_attached(lab: Lab, bus: UsbBus) -> None:
    """A place holds one device, and an interface must be one that the device has."""
    link = lab.modems["modem0"].link
    with pytest.raises(ValueError, match="has no interface 3"):
        bus.attach("1-1", STICK, {3: link})
    bus.attach("1-1", STICK, {1: link})
    bus.attach("1-2", STICK, {})
    with pytest.raises(ValueError, match="1-1 is taken"):
        bus.attach("1-1", BRIDGE, {})
    with pytest.raises(ValueError, match="1-1 is taken"):
        bus.move("1-2", "1-1")


@pytest.mark.parametrize("family", DEVICES)
def test_a_familys_device_has_the_interface_of_its_at_port(family: str) -> None:
    """The table names families that there are, and interfaces that their devices have."""
    device, interface = DEVICES[family]
    assert family in families
    assert interface in {one.number for one in device.interfaces}


async def test_the_modems_of_a_lab_are_on_its_bus(tmp_path: Path) -> None:
    """Each as a device of its family looks, in a place of its own; when the lab ends, nothing of them is left."""
    options = LabOptions(tmp_path / "lab", 3, families=("huawei_e3372", "sim800", "quectel_ec25"), boot_factor=0)
    (tmp_path / "lab" / "usb" / "1-1.1").mkdir(parents=True)  # a killed emulator left this
    lab = Lab(options, asyncio.get_running_loop())
    assert [(port.vid, port.pid, port.location) for port in lab.usb.comports()] == [
        (0x12D1, 0x1506, "1-1.1:1.1"),
        (0x10C4, 0xEA60, "1-1.2"),
        (0x2C7C, 0x0125, "1-1.3:1.2"),
    ]
    lab.close()
    assert not (tmp_path / "lab" / "usb").exists()
