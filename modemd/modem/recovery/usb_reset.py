"""The USB device behind a port: where it is, and its reset; and the program that switches its power."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from modemd.errors import ModemError
from modemd.modem.recovery.recovery import RecoveryTools, UsbLocation

# _IO('U', 20) of linux/usbdevice_fs.h.
USBDEVFS_RESET = 0x5514
RESET_TIMEOUT_S = 15.0
HOOK_TIMEOUT_S = 30.0
# How much of what a program says is repeated in the log.
MAX_OUTPUT_SHOWN = 200


def find_usb_location(port: str, sysfs: Path = Path("/sys")) -> UsbLocation | None:
    """Where the USB device of a tty is plugged in, by its sysfs; None for a port that is not on USB, or not there."""
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


async def reset_device(place: UsbLocation) -> None:
    """Reset the device, as if it were pulled and plugged without losing power. ModemError says why it could not be."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def work() -> None:
        try:
            _reset(place.node)
        except OSError as error:
            _finish(loop, done, error)
        else:
            _finish(loop, done, None)

    # Not a pool's thread: a reset of a wedged stick may hang for ever.
    threading.Thread(target=work, name=f"reset {place.path}", daemon=True).start()
    try:
        async with asyncio.timeout(RESET_TIMEOUT_S):
            await done
    except TimeoutError:
        raise ModemError(f"the reset of {place.node} hangs") from None
    except PermissionError as error:
        raise ModemError(f"{place.node}: {error.strerror}; the udev rules give it to modemd's group") from error
    except OSError as error:
        raise ModemError(f"{place.node}: {error.strerror}") from error


def _reset(node: str) -> None:
    descriptor = os.open(node, os.O_WRONLY)
    try:
        fcntl.ioctl(descriptor, USBDEVFS_RESET, 0)
    finally:
        os.close(descriptor)


def _finish(loop: asyncio.AbstractEventLoop, done: asyncio.Future[None], error: OSError | None) -> None:
    def tell() -> None:
        if not done.done():
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(tell)


async def run_program(argv: Sequence[str], timeout_s: float = HOOK_TIMEOUT_S) -> None:
    """Run a program, without a shell. ModemError where it cannot be run, fails, or takes longer than `timeout_s`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        raise ModemError(f"{argv[0]}: {error.strerror}") from error
    try:
        async with asyncio.timeout(timeout_s):
            said, _ = await process.communicate()
    except TimeoutError:
        raise ModemError(f"{argv[0]} has not ended within {timeout_s:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        words = said.decode(errors="replace").strip()[-MAX_OUTPUT_SHOWN:]
        raise ModemError(f"{argv[0]} ended with {process.returncode}: {words}")


TOOLS = RecoveryTools(find_usb_location=find_usb_location, usb_reset=reset_device, run_program=run_program)
"""Those of this machine."""
