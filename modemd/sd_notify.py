"""Notices to systemd, by sd_notify(3): each is one datagram to the socket that NOTIFY_SOCKET names.

Without that variable, as at a terminal, nothing is sent. If the socket does not take a datagram, the log says so once: for
systemd the service then never starts, and the log has the reason.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from modemd import logs

log = logs.get(__name__)

# Time after the grace for the rest of a stop: the cut, the last commit, and the last lines of the log.
AFTER_GRACE_S = 15.0


class ServiceManager:
    """Service manager (systemd) that started this process. `watchdog_s`: it expects `notify_watchdog` at least that often;
    None: it has no watchdog."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        # An abstract socket's name begins with a zero octet, which the variable writes as @.
        self._address = f"\0{address[1:]}" if address is not None and address.startswith("@") else address
        self.watchdog_s = watchdog_s
        self._has_warned = False
        self._status = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> ServiceManager:
        """Makes one from the variables of sd_notify(3) and sd_watchdog_enabled(3); `pid` is that of this process."""
        address = environment.get("NOTIFY_SOCKET") or None
        is_for_us = environment.get("WATCHDOG_PID") in (None, "", str(pid))
        microseconds = environment.get("WATCHDOG_USEC", "")
        return cls(address, int(microseconds) / 1e6 if is_for_us and microseconds.isdecimal() else None)

    def notify_ready(self) -> None:
        """Says that the start, or a reload, has ended."""
        self._notify("READY=1")

    def notify_status(self, line: str) -> None:
        """Sends one line about the state, for `systemctl status`, if it has changed."""
        if line != self._status:
            self._status = line
            self._notify(f"STATUS={line}")

    def notify_watchdog(self) -> None:
        """Says that the service is alive, for the watchdog."""
        self._notify("WATCHDOG=1")

    def notify_reloading(self, monotonic_s: float) -> None:
        """Says that a reload has begun, at `monotonic_s` of the monotonic clock; `notify_ready` ends it."""
        self._notify("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_s * 1e6)}")

    def notify_stopping(self, grace_s: float) -> None:
        """Says that the stop has begun, and may take `grace_s` and `AFTER_GRACE_S` more, even if TimeoutStopSec= is shorter."""
        self._notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int((grace_s + AFTER_GRACE_S) * 1e6)}")

    def _notify(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            ) as sender:
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._has_warned:
                log.warning("the service manager cannot be told", said=lines[0], error=error.strerror or str(error))
            self._has_warned = True
