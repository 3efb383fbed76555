"""The USB device behind a port: its place, its reset, and the program that switches its power."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modemd.errors import ModemError
from modemd.modem.recovery import usb_reset
from modemd.modem.recovery.recovery import UsbLocation


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A machine with a modem in 1-1.2, whose second interface is ttyUSB1, and a UART of its own."""
    device = tmp_path / "devices/pci0000:00/usb1/1-1/1-1.2"
    port = device / "1-1.2:1.1/ttyUSB1"
    uart = tmp_path / "devices/platform/serial8250/ttyS0"
    for folder in (port, uart):
        folder.mkdir(parents=True)
    (device / "busnum").write_text("1\n")
    (device / "devnum").write_text("17\n")
    for name, device in (("ttyUSB1", port), ("ttyS0", uart)):
        folder = tmp_path / "class/tty" / name
        folder.mkdir(parents=True)
        (folder / "device").symlink_to(device)
    return tmp_path


def test_the_place_of_a_port(sysfs: Path, tmp_path: Path) -> None:
    """By the kernel's name of the tty, through any link to it; a port that is not on USB has none."""
    link = tmp_path / "west"
    link.symlink_to("/dev/ttyUSB1")
    for port in ("/dev/ttyUSB1", str(link)):
        assert usb_reset.find_usb_location(port, sysfs) == UsbLocation("1-1.2", "/dev/bus/usb/001/017")
    for port in ("/dev/ttyS0", "/dev/ttyUSB9", "socket://localhost:4000"):
        assert usb_reset.find_usb_location(port, sysfs) is None


@pytest.mark.parametrize(
    ("location", "hub", "port"),
    [
        pytest.param("1-1.2", "1-1", "2", id="behind a hub"),
        pytest.param("1-1.4.3", "1-1.4", "3", id="behind two"),
        pytest.param("2-3", "2", "3", id="a root port"),
    ],
)
def test_hub_and_port_of_a_place(location: str, hub: str, port: str) -> None:
    """As uhubctl wants them for -l and -p."""
    place = UsbLocation(location, "")
    assert (place.hub, place.port) == (hub, port)


async def test_a_reset_that_fails_says_why(tmp_path: Path) -> None:
    """No such device; no USB device; not ours."""
    with pytest.raises(ModemError, match="No such file"):
        await usb_reset.reset_device(UsbLocation("1-1", str(tmp_path / "none")))
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ModemError, match="ioctl"):
        await usb_reset.reset_device(UsbLocation("1-1", str(file)))


async def test_the_power_hook_is_a_program(tmp_path: Path) -> None:
    """Its arguments reach it as they are: there is no shell in between."""
    said = tmp_path / "said"
    await usb_reset.run_program(
        [sys.executable, "-c", f"import sys; open({str(said)!r}, 'w').write(sys.argv[1])", "$HOME; *"]
    )
    assert said.read_text() == "$HOME; *"


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        pytest.param(["/nowhere/uhubctl"], "/nowhere/uhubctl: it cannot be run: No such file", id="not there"),
        pytest.param([sys.executable, "-c", "print('no hub'); raise SystemExit(3)"], "3: no hub", id="fails"),
        pytest.param([sys.executable, "-c", "import time; time.sleep(60)"], "within 0.3 s", id="hangs"),
    ],
)
async def test_a_power_hook_that_fails_says_why(argv: list[str], why: str) -> None:
    """In one line, with what it said; one that hangs is killed."""
    with pytest.raises(ModemError, match=why):
        await usb_reset.run_program(argv, timeout_s=0.3 if "within" in why else 20)
