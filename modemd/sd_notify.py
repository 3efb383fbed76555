"""What the service is to tell systemd, by sd_notify(3): one datagram to the socket that NOTIFY_SOCKET names.

Without that variable, as at a terminal, nothing is told. A socket that does not take a datagram is told of once in the log:
systemd then sees a service that never starts, and this says why.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from modemd import logs

log = logs.get(__name__)

# What ends a stop comes after the grace: the cut, the last commit, and the log's last lines.
AFTER_GRACE_S = 15.0


class ServiceManager:
    """Whoever started this process, and waits for its word. `watchdog_s`: it must hear `alive` at least that often; None: it
    does not ask for it."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        # An abstract socket's name begins with a zero octet, which the variable writes as @.
        self._address = f"\0{address[1:]}" if address is not None and address.startswith("@") else address
        self.watchdog_s = watchdog_s
        self._has_warned = False
        self._status = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> ServiceManager:
        """By the variables of sd_notify(3) and sd_watchdog_enabled(3); `pid` is ours."""
        address = environment.get("NOTIFY_SOCKET") or None
        meant = environment.get("WATCHDOG_PID") in (None, "", str(pid))
        microseconds = environment.get("WATCHDOG_USEC", "")
        return cls(address, int(microseconds) / 1e6 if meant and microseconds.isdecimal() else None)

    def notify_ready(self) -> None:
        """What was to start has started; or a reload has ended."""
        self._notify("READY=1")

    def notify_status(self, line: str) -> None:
        """One line about how it is, for `systemctl status`; told where it has changed."""
        if line != self._status:
            self._status = line
            self._notify(f"STATUS={line}")

    def notify_watchdog(self) -> None:
        """The watchdog's food."""
        self._notify("WATCHDOG=1")

    def notify_reloading(self, monotonic_s: float) -> None:
        """The configuration is being read anew; `ready` ends it."""
        self._notify("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_s * 1e6)}")

    def notify_stopping(self, grace_s: float) -> None:
        """The end has begun, and may take `grace_s` and a little, whatever the unit's TimeoutStopSec= says."""
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
