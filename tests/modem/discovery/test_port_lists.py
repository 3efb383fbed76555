"""Port lists put together from pyserial's ports and sysfs."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from modemd.emulator.lab.lab import Lab, LabOptions
from modemd.emulator.usb.bus import STICK, UsbBus, UsbDevice, UsbInterface
from modemd.errors import PortGone
from modemd.modem.discovery import port_lists
from modemd.modem.discovery.devices import UsbPort
from modemd.modem.discovery.port_lists import EmulatedPorts, ListedPort, SystemPorts, assemble_devices
from modemd.modem.link.blocking import run_blocking


@pytest.fixture
def bus(tmp_path: Path) -> UsbBus:
    """A sysfs as the kernel shows it, of devices without a port."""
    bus = UsbBus(tmp_path / "sys")
    bus.attach("1-1.2", STICK, {})
    bus.attach("1-1", UsbDevice(0x12D1, 0x1446, (UsbInterface(0, 8, 6, 80),), product="Mass Storage"), {})
    (bus.folder / "usb1").mkdir()  # a bus, which is no device
    (bus.folder / "usb1" / "idVendor").write_text("1d6b\n")
    (bus.folder / "2-1").mkdir()  # has gone while it was looked at
    return bus


def listed(bus: UsbBus, path: str, place: str, interface: str) -> ListedPort:
    return ListedPort(path, str(bus.folder / place), str(bus.folder / place / interface))


def test_devices_have_their_ports(bus: UsbBus) -> None:
    """Each by its place, with the interface that a port belongs to; those without a port are there too."""
    disk, modem = assemble_devices(
        [listed(bus, "/dev/ttyUSB0", "1-1.2", "1-1.2:1.1"), listed(bus, "/dev/ttyUSB3", "1-1.2", "1-1.2:1.0")],
        bus.folder,
    )
    assert (disk.location, disk.ids, disk.product, disk.ports) == ("1-1", "12d1:1446", "Mass Storage", ())
    assert (modem.location, modem.ids, modem.product) == ("1-1.2", "12d1:1506", "HUAWEI_MOBILE")
    assert modem.ports == (UsbPort("/dev/ttyUSB3", 0, 0xFF, 2, 1), UsbPort("/dev/ttyUSB0", 1, 0xFF, 2, 2))


def test_a_port_whose_files_are_gone_is_known_by_its_path(bus: UsbBus) -> None:
    """The modem was unplugged between two polls."""
    (_, modem) = assemble_devices([listed(bus, "/dev/ttyUSB0", "1-1.2", "1-1.2:1.9")], bus.folder)
    assert modem.ports == (UsbPort("/dev/ttyUSB0"),)


def test_a_machine_without_usb_has_nothing(tmp_path: Path) -> None:
    """A container may have no such folder."""
    assert assemble_devices([], tmp_path / "missing") == []


async def test_this_machine_can_be_asked() -> None:
    """The real list, whatever is in it here."""
    ports = SystemPorts()
    devices = await ports.devices()
    assert all(device.location for device in devices)
    ports.watch(lambda: None)()


@pytest.mark.parametrize(
    ("failure", "words"),
    [(FileNotFoundError(2, "No such file"), "No such file"), (None, "takes more than")],
    ids=["fails", "hangs"],
)
async def test_a_list_that_cannot_be_had_says_why(
    monkeypatch: pytest.MonkeyPatch, failure: OSError | None, words: str
) -> None:
    """One line, and the daemon goes on; a kernel that hangs in it holds a thread, not the loop."""
    monkeypatch.setattr(port_lists, "LIST_TIMEOUT_S", 0.05)
    gate = threading.Event()

    def fetch() -> list[dict[str, str]]:
        if failure is not None:
            raise failure
        gate.wait(5)
        return []

    with pytest.raises(PortGone, match=words):
        await EmulatedPorts(Path("/nowhere"), fetch).devices()
    gate.set()


async def test_an_emulators_ports_are_listed_and_watched(tmp_path: Path) -> None:
    """What its bus shows is found as a machine's is, and a modem that is unplugged is a hint."""
    lab = Lab(LabOptions(tmp_path / "lab", 2, boot_factor=0, chatty=False), asyncio.get_running_loop())

    def fetch() -> list[dict[str, str]]:
        names = ("device", "usb_device_path", "usb_interface_path")
        return [{name: getattr(port, name) for name in names} for port in lab.usb.comports()]

    ports = EmulatedPorts(lab.directory, fetch)
    modem, bridge = await ports.devices()
    assert (modem.location, [port.interface for port in modem.ports], bridge.ids) == ("1-1.1", [1], "10c4:ea60")
    changed = asyncio.Event()
    end = ports.watch(changed.set)
    lab.modems["modem0"].link.unplug()
    async with asyncio.timeout(5):
        await changed.wait()
    assert [device.location for device in await ports.devices()] == ["1-1.2"]
    end()
    lab.close()


async def test_work_aside_gives_back_what_it_finds_or_raises() -> None:
    """Beside the loop, on a thread of its own that no end of the process waits for."""

    def broken() -> None:
        raise ZeroDivisionError

    assert await run_blocking("count", threading.active_count, 5) > 1
    with pytest.raises(ZeroDivisionError):
        await run_blocking("break", broken, 5)
