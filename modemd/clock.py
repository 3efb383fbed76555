"""Clock for wall time, passed in as a collaborator. Deadlines do not use it: they come from the event loop's clock."""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Source of the wall time. Simulations and tests pass in their own."""

    def now(self) -> datetime:
        """Returns the wall time, aware, in UTC."""
        ...


class SystemClock:
    """Clock of the machine. Only the composition root makes one."""

    def now(self) -> datetime:
        return datetime.now(UTC)


# struct timex of adjtimex(2) has 208 octets at most; all zero, it asks and changes nothing.
_TIMEX_OCTETS = 512
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def is_system_clock_synchronised() -> bool:
    """Returns True if a program (chrony, ntpd, systemd-timesyncd) keeps the clock of the machine by NTP now: the kernel knows it,
    and forgets it when the program gives up, or when somebody sets the clock by hand."""
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_OCTETS)))
    except (OSError, AttributeError):  # another C library, or no permission
        return False
    return 0 <= state < _TIME_ERROR
