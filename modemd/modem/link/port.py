"""Ports: a serial device or `socket://host:port`, non-blocking on the loop; and the protocol of any port."""

from __future__ import annotations

import asyncio
import errno
import grp
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import serial

from modemd.errors import PortGone, PortHangs
from modemd.modem.link.blocking import run_blocking

# Opening the tty of a hanging USB device may block for ever. So may closing it, if the driver still has output.
OPEN_TIMEOUT_S = 10.0
_CHUNK = 4096


class Port(Protocol):
    """Byte stream to a modem. Calls `on_data` with what came, and `on_lost` once with the reason when it is lost; both on
    the loop."""

    on_data: Callable[[bytes], None]
    on_lost: Callable[[str], None]

    def write(self, data: bytes) -> None:
        """Writes bytes, in the order of the calls. Raises PortGone if the port is lost."""

    @property
    def unwritten(self) -> int:
        """Number of bytes that the device has not taken yet."""

    def close(self) -> None:
        """Closes the port. No callback is called from then on."""


OpenPort = Callable[[str], Awaitable[Port]]


class SerialPort:
    """Port over pyserial, whose file descriptor is read and written by the loop."""

    def __init__(self, name: str, device: serial.SerialBase) -> None:
        self._name = name
        self._device: serial.SerialBase | None = device
        self._loop = asyncio.get_running_loop()
        self._fd = device.fileno()
        self._waiting = bytearray()
        self.on_data: Callable[[bytes], None] = _ignore
        self.on_lost: Callable[[str], None] = _ignore
        os.set_blocking(self._fd, False)
        self._loop.add_reader(self._fd, self._readable)

    def write(self, data: bytes) -> None:
        """Writes bytes, in the order of the calls. Raises PortGone if the port is closed."""
        if self._device is None:
            raise PortGone(f"{self._name} is closed")
        was_waiting = bool(self._waiting)
        self._waiting += data
        if not was_waiting:
            self._write_waiting()
            if self._waiting:
                self._loop.add_writer(self._fd, self._writable)

    @property
    def unwritten(self) -> int:
        """Number of bytes that the device has not taken yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Closes the device on a thread of its own, because that may block for ever."""
        device, self._device = self._device, None
        if device is None:
            return
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        _close_on_thread(device, self._name)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._handle_loss(error.strerror or str(error))
            return
        if data:
            self.on_data(data)
        else:
            # End of file. The reader is level-triggered: if it stayed in place, the loop would call it without end.
            self._handle_loss("the device hung up")

    def _writable(self) -> None:
        self._write_waiting()
        if not self._waiting:
            self._loop.remove_writer(self._fd)

    def _write_waiting(self) -> None:
        try:
            written = os.write(self._fd, self._waiting)
        except BlockingIOError:
            written = 0
        except OSError as error:
            self._waiting.clear()
            self._loop.call_soon(self._handle_loss, error.strerror or str(error))
            return
        del self._waiting[:written]

    def _handle_loss(self, reason: str) -> None:
        if self._device is not None:
            self.close()
            self.on_lost(reason)


def _ignore(_: Any) -> None:
    """Takes the place of a callback until somebody listens."""


OPEN_ELSEWHERE = "another program has it open"
"""Beginning of the reason why a port is busy."""


async def open_serial(name: str, baud: int = 115200) -> Port:
    """Opens a device path or a `socket://host:port` URL, exclusively, raw 8N1, at `baud` bits per second. Raises PortHangs
    if the open does not return within OPEN_TIMEOUT_S, and PortGone with the reason if it fails."""
    if "://" not in name and not os.path.lexists(name):  # noqa: ASYNC240 - /dev is in memory, and never waits
        # A port is tried every few seconds even if its modem is away for years: that must not cost a thread each time.
        raise PortGone(f"{name}: {os.strerror(errno.ENOENT)}")

    def open_device() -> serial.SerialBase:
        device = serial.serial_for_url(name, do_not_open=True, baudrate=baud, timeout=0, write_timeout=0)
        if "://" not in name:
            device.exclusive = True
        device.open()
        return device

    try:
        # A port that opens too late is closed again, so that the next try finds it free.
        device = await run_blocking(f"open {name}", open_device, OPEN_TIMEOUT_S, too_late=_close_on_thread)
    except TimeoutError:
        raise PortHangs(f"{name}: opening it hangs; unplug the modem, or switch its hub off and on") from None
    except (serial.SerialException, OSError, ValueError) as error:
        raise PortGone(f"{name}: {_explain_error(error, name)}") from error
    return SerialPort(name, device)


def _explain_error(error: Exception, name: str) -> str:
    """Returns the reason out of pyserial's error, in few words."""
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EBUSY):  # its lock is taken: by flock, or by TIOCEXCL
        return f"{OPEN_ELSEWHERE}; see `fuser`, and keep ModemManager off this port"
    if number == errno.EACCES:
        return f"{os.strerror(number)}; {find_group(name)} may open it"
    return os.strerror(number) if isinstance(number, int) else str(error)


def find_group(path: str) -> str:
    """Returns the group of a device, in words. Distributions have different groups for it (dialout, uucp, tty)."""
    try:
        number = os.stat(path).st_gid
    except OSError:
        return "its group"
    try:
        return f"its group, {grp.getgrgid(number).gr_name},"
    except KeyError:
        return f"its group, number {number},"


def _close_on_thread(device: serial.SerialBase, name: str = "late") -> None:
    """Closes a device without waiting for it: closing may block for ever."""
    threading.Thread(target=_close, args=(device,), name=f"close {name}", daemon=True).start()


def _close(device: serial.SerialBase) -> None:
    try:
        device.close()
    except OSError:
        return  # the device is gone, and with it all that could be closed
