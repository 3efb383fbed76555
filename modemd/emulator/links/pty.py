"""A device on a pseudo-terminal, under a name that stays: a symbolic link to /dev/pts/N. Linux; no threads.

The slave is not kept open, so that the device notices when its host goes: the master then hangs up (POLLHUP). While
no host has the port open, output is dropped; nothing said or typed for one host reaches the next.
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
"""How often ports without a host are looked at; one poll() serves all of them."""

MAX_READ = 65536
MAX_BACKLOG = 65536
"""Octets kept for a host that has the port open and does not read; beyond that, output is lost."""


class PtyLink(Link):
    """A device's port at `path`. Made inside the loop's thread; OSError when the pty or the link cannot be made.

    `tap`, where it is set, is called with (True, what the host wrote) and (False, what the device says to a host).
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
        """Whether a host has the port open, as far as is known."""
        return self._hosted

    def replug(self, path: Path | str | None = None) -> None:
        """Plug it in again, at `path` if given: a new pty, and the device boots."""
        if path is not None:
            self._remove_link()
            self.path = Path(path)
        super().replug()

    def close(self) -> None:
        """Take the port away for good; the device stays as it is."""
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
        """Remove the link while it is ours: another emulator may have put its own in this place."""
        with contextlib.suppress(OSError):
            if os.readlink(self.path) == self._slave_name:
                self.path.unlink()

    # -- host there, host gone

    def host_opened(self) -> None:
        """Somebody opened the slave."""
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
        """Drop what the last host left unread: the kernel would keep it for the next one."""
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
    """How many octets were taken; all of them where the host is gone, since then they are lost."""
    try:
        return os.write(master, data)
    except BlockingIOError:
        return 0
    except OSError:
        return len(data)


class _HostWatch:
    """Looks for hosts on all masters of one loop that have none. A hung-up master cannot be waited for: epoll would
    report the hang-up without end."""

    _of_loop: ClassVar[dict[asyncio.AbstractEventLoop, _HostWatch]] = {}
    """Those that have something to look at; a loop that has ended is not kept alive here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._poll = select.poll()
        self._links: dict[int, PtyLink] = {}
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> _HostWatch:
        """The one watch of a loop."""
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
