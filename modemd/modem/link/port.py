"""Ports: a serial device or `socket://host:port`, non-blocking on the loop; and what any port must offer."""

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

# Opening a wedged USB tty may block for ever; so may closing it, when output is stuck in the driver.
OPEN_TIMEOUT_S = 10.0
_CHUNK = 4096


class Port(Protocol):
    """A byte stream to a modem. `on_data` is called with what came, `on_lost` once when it is gone; both on the loop."""

    on_data: Callable[[bytes], None]
    on_lost: Callable[[str], None]

    def write(self, data: bytes) -> None:
        """Hand bytes over, in order. PortGone where the port is lost."""

    @property
    def unwritten(self) -> int:
        """How many bytes the device has not taken yet."""

    def close(self) -> None:
        """Let it go; nothing is called any more."""


OpenPort = Callable[[str], Awaitable[Port]]


class SerialPort:
    """A pyserial port whose file descriptor is read and written by the loop."""

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
        if self._device is None:
            raise PortGone(f"{self._name} is closed")
        started = bool(self._waiting)
        self._waiting += data
        if not started:
            self._write_waiting()
            if self._waiting:
                self._loop.add_writer(self._fd, self._writable)

    @property
    def unwritten(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
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
            # The reader is level-triggered: left in place it would spin.
            self._handle_loss("the device hung up")

    def _writable(self) -> None:
        self._write_waiting()
        if not self._waiting:
            self._loop.remove_writer(self._fd)

    def _write_waiting(self) -> None:
        try:
            taken = os.write(self._fd, self._waiting)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            self._waiting.clear()
            self._loop.call_soon(self._handle_loss, error.strerror or str(error))
            return
        del self._waiting[:taken]

    def _handle_loss(self, reason: str) -> None:
        if self._device is not None:
            self.close()
            self.on_lost(reason)


def _ignore(_: Any) -> None:
    """The callback of a port that nobody listens to yet."""


async def open_serial(name: str, baud: int = 115200) -> Port:
    """Open a device path or a `socket://host:port` URL, exclusively, raw 8N1. PortGone says why it could not be."""
    if "://" not in name and not os.path.lexists(name):  # noqa: ASYNC240 - /dev is in memory, and never waits
        # A stick that is away for years is looked for every few seconds: that must not cost a thread each time.
        raise PortGone(f"{name}: {os.strerror(errno.ENOENT)}")

    def work() -> serial.SerialBase:
        device = serial.serial_for_url(name, do_not_open=True, baudrate=baud, timeout=0, write_timeout=0)
        if "://" not in name:
            device.exclusive = True
        device.open()
        return device

    try:
        # A port that opens too late is closed again: the next try must find it free.
        device = await run_blocking(f"open {name}", work, OPEN_TIMEOUT_S, too_late=_close_on_thread)
    except TimeoutError:
        raise PortHangs(f"{name}: opening it hangs; unplug the modem, or switch its hub off and on") from None
    except (serial.SerialException, OSError, ValueError) as error:
        raise PortGone(f"{name}: {_explain_error(error, name)}") from error
    return SerialPort(name, device)


def _explain_error(error: Exception, name: str) -> str:
    """The heart of pyserial's words about why a port cannot be opened."""
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EBUSY):  # its lock is taken: by flock, or by TIOCEXCL
        return "another program has it open; see `fuser`, and keep ModemManager off this port"
    if number == errno.EACCES:
        return f"{os.strerror(number)}; {find_group(name)} may open it"
    return os.strerror(number) if isinstance(number, int) else str(error)


def find_group(path: str) -> str:
    """The group of a device, as words; distributions do not agree on it (dialout, uucp, tty)."""
    try:
        number = os.stat(path).st_gid
    except OSError:
        return "its group"
    try:
        return f"its group, {grp.getgrgid(number).gr_name},"
    except KeyError:
        return f"its group, number {number},"


def _close_on_thread(device: serial.SerialBase, name: str = "late") -> None:
    """Closes a device without waiting: closing may block for ever."""
    threading.Thread(target=_close, args=(device,), name=f"close {name}", daemon=True).start()


def _close(device: serial.SerialBase) -> None:
    try:
        device.close()
    except OSError:
        return  # it is gone: there is nothing left to close
