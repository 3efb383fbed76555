"""Device on a pseudo-terminal, under a lasting name: a symbolic link to /dev/pts/N. Linux only; no threads.

The slave is not held open, so that the device notices when its host goes: the master then hangs up (POLLHUP). While no
host has the port open, output is dropped; octets of one host never reach the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from modemd.emulator.device.device import Device
from modemd.emulator.links.link import Link

POLL_INTERVAL_S = 0.025
"""Interval of the check for hosts; one poll() serves all ports."""

MAX_READ = 65536
MAX_BACKLOG = 65536
"""Octets held for a host that has the port open and does not read; further output is lost."""


class PtyLink(Link):
    """A device's port at `path`. Make it on the loop's thread. Raises OSError if the pty or the link cannot be made.

    `tap`, if set, is called with (True, octets of the host) and (False, octets of the device for a host).
    """

    def __init__(self, device: Device, path: Path | str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(device)
        self.path = Path(path)
        self._loop = loop
        self._master: int | None = None
        self._slave_name = ""
        self._hosted = False
        self._backlog = bytearray()
        self.tap: Callable[[bool, bytes], None] | None = None
        self._make()

    @property
    def plugged(self) -> bool:
        return self._master is not None

    @property
    def hosted(self) -> bool:
        """True if a host has the port open, as far as is known."""
        return self._hosted

    def replug(self, path: Path | str | None = None) -> None:
        """Plugs the stick in again, at `path` if given: there is a new pty, and the device boots."""
        if path is not None:
            self._remove_link()
            self.path = Path(path)
        super().replug()

    def close(self) -> None:
        """Removes the port for good; the device stays as it is."""
        self.lost()
        self._detach_from_device()

    def lost(self) -> None:
        if self._master is None:
            return
        self._remove_link()
        self._host_gone()
        _HostWatch.of(self._loop).remove(self._master)
        os.close(self._master)
        self._master = None

    def back(self) -> None:
        if self._master is None:
            self._make()

    def _make(self) -> None:
        master, slave = os.openpty()
        try:
            tty.setraw(slave, termios.TCSANOW)
            os.set_blocking(master, False)
            self._slave_name = os.ttyname(slave)
            temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self._slave_name)
            temporary.replace(self.path)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        self._master = master
        _HostWatch.of(self._loop).add(master, self)

    def _remove_link(self) -> None:
        """Removes the symbolic link if it is this one's: another emulator may have put its own there."""
        with contextlib.suppress(OSError):
            if os.readlink(self.path) == self._slave_name:
                self.path.unlink()

    # -- host there, host gone

    def host_opened(self) -> None:
        """Connects a host that opened the slave."""
        if self._master is None or self._hosted:
            return
        self._hosted = True
        self._loop.add_reader(self._master, self._readable)
        self.device.connect(self._write)

    def _host_gone(self) -> None:
        if self._master is None or not self._hosted:
            return
        self._hosted = False
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        self._backlog.clear()
        self.device.disconnect()

    def _forget_unread(self) -> None:
        """Drops the output that the last host left unread: the kernel would give it to the next one."""
        with contextlib.suppress(OSError, termios.error):
            slave = os.open(self._slave_name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                termios.tcflush(slave, termios.TCIFLUSH)
            finally:
                os.close(slave)

    # -- octets

    def _readable(self) -> None:
        if self._master is None:
            return
        try:
            data = os.read(self._master, MAX_READ)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last host closed the slave
            data = b""
        if data:
            if self.tap is not None:
                self.tap(True, data)
            self.device.feed(data)
            return
        self._host_gone()
        self._forget_unread()
        _HostWatch.of(self._loop).add(self._master, self)

    def _write(self, data: bytes) -> None:
        if self._master is None:
            return
        if self.tap is not None:
            self.tap(False, data)
        if self._backlog:
            if len(self._backlog) < MAX_BACKLOG:
                self._backlog += data
            return
        written = _try_write(self._master, data)
        if written < len(data):
            self._backlog += data[written:]
            self._loop.add_writer(self._master, self._writable)

    def _writable(self) -> None:
        if self._master is None:
            return
        del self._backlog[: _try_write(self._master, bytes(self._backlog))]
        if not self._backlog:
            self._loop.remove_writer(self._master)


def _try_write(master: int, data: bytes) -> int:
    """Writes, and returns how many octets were taken; all of them if the host is gone, because then they are lost."""
    try:
        return os.write(master, data)
    except BlockingIOError:
        return 0
    except OSError:
        return len(data)


class _HostWatch:
    """Watch of one loop for hosts on all masters that have none.

    A hung-up master cannot be waited for: epoll would report the hang-up without end.
    """

    _of_loop: ClassVar[dict[asyncio.AbstractEventLoop, _HostWatch]] = {}
    """The watches with something to watch; a loop that has ended is not held alive here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._poll = select.poll()
        self._links: dict[int, PtyLink] = {}
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> _HostWatch:
        """Returns the watch of a loop."""
        watch = cls._of_loop.get(loop)
        if watch is None:
            watch = cls._of_loop[loop] = cls(loop)
        return watch

    def add(self, master: int, link: PtyLink) -> None:
        self._links[master] = link
        self._poll.register(master, 0)
        if self._timer is None:
            self._timer = self._loop.call_later(POLL_INTERVAL_S, self._poll_masters)

    def remove(self, master: int) -> None:
        if self._links.pop(master, None) is not None:
            self._poll.unregister(master)
        if not self._links:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._of_loop.get(self._loop) is self:
                del self._of_loop[self._loop]

    def _poll_masters(self) -> None:
        hung_up = {master for master, events in self._poll.poll(0) if events & select.POLLHUP}
        opened = [(master, link) for master, link in self._links.items() if master not in hung_up]
        self._timer = self._loop.call_later(POLL_INTERVAL_S, self._poll_masters)
        for master, link in opened:
            self.remove(master)
            link.host_opened()
