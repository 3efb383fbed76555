"""USB device behind a port: finds where it is plugged in, resets it, and runs the program that switches its power."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from modemd import programs
from modemd.errors import ModemError
from modemd.modem.link.blocking import run_blocking
from modemd.modem.recovery.recovery import RecoveryTools, UsbLocation

# _IO('U', 20) of linux/usbdevice_fs.h.
USBDEVFS_RESET = 0x5514
RESET_TIMEOUT_S = 15.0
HOOK_TIMEOUT_S = 30.0


def find_usb_location(port: str, sysfs: Path = Path("/sys")) -> UsbLocation | None:
    """Returns where the USB device of a tty is plugged in, according to sysfs; None if the port is not on USB, or is gone."""
    name = os.path.basename(os.path.realpath(port))
    folder = Path(os.path.realpath(sysfs / "class" / "tty" / name / "device"))
    while folder != folder.parent:
        if (folder / "busnum").exists():
            try:
                bus, device = (int((folder / file).read_text()) for file in ("busnum", "devnum"))
            except (OSError, ValueError):
                return None
            return UsbLocation(folder.name, f"/dev/bus/usb/{bus:03}/{device:03}")
        folder = folder.parent
    return None


async def reset_device(location: UsbLocation) -> None:
    """Resets the device, as if it were unplugged and plugged in, but without losing power. Raises ModemError with the reason
    if that fails or hangs: the reset of a hanging modem may never return."""
    try:
        await run_blocking(f"reset {location.path}", partial(_reset, location.node), RESET_TIMEOUT_S)
    except TimeoutError:
        raise ModemError(f"the reset of {location.node} hangs") from None
    except PermissionError as error:
        raise ModemError(f"{location.node}: {error.strerror}; the udev rules give it to modemd's group") from error
    except OSError as error:
        raise ModemError(f"{location.node}: {error.strerror}") from error


def _reset(node: str) -> None:
    descriptor = os.open(node, os.O_WRONLY)
    try:
        fcntl.ioctl(descriptor, USBDEVFS_RESET, 0)
    finally:
        os.close(descriptor)


async def run_program(argv: Sequence[str], timeout_s: float = HOOK_TIMEOUT_S) -> None:
    """Runs a program, without a shell. Raises ModemError if it cannot be run, fails, or takes longer than `timeout_s`."""
    if (failure := await programs.run(argv, timeout_s)) is not None:
        raise ModemError(f"{argv[0]}: {failure}")


TOOLS = RecoveryTools(find_usb_location=find_usb_location, usb_reset=reset_device, run_program=run_program)
"""Tools of this machine."""
