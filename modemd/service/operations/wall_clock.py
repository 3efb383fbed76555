"""Wall clock of the service: the machine's while that can be trusted; else the last trusted time, carried on by the loop's
monotonic time.

So a deadline in the database comes when it should, however the machine's clock is stepped. While it is not trusted, calendar,
expiry and marketing stop; alarms and OTPs go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from modemd import logs
from modemd.clock import Clock
from modemd.rules import clock_trust

log = logs.get(__name__)

# Stamps that are remembered, to be compared with later ones.
MAX_STAMPS = 50


class TrustedClock:
    """`Clock` that knows whether the machine's clock is trusted. `monotonic` returns seconds that are never stepped, as a loop's
    `time`; `is_synchronised` tells whether NTP keeps the machine's clock: that outweighs the network's time."""

    def __init__(
        self, clock: Clock, monotonic: Callable[[], float], is_synchronised: Callable[[], bool] = lambda: False
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._is_synchronised = is_synchronised
        self._last_trusted: datetime | None = None
        self._last_trusted_s = monotonic()
        self._network_time: datetime | None = None  # what it was at 0 s of the monotonic time
        self._stamps: dict[str, datetime] = {}  # the same by each source, the latest last
        self._distrust_reason: str | None = None

    @property
    def distrust_reason(self) -> str | None:
        """Reason why the machine's clock is not trusted; None while it is."""
        self.now()
        return self._distrust_reason

    @property
    def is_trusted(self) -> bool:
        """True while the machine's clock is trusted."""
        return self.distrust_reason is None

    def set_stored_time(self, stored: datetime | None) -> None:
        """Sets the latest time that the database knows of, at a start."""
        if stored is not None and (self._last_trusted is None or stored > self._last_trusted):
            self._last_trusted, self._last_trusted_s = stored, self._monotonic()

    def add_network_time(self, stamp: datetime, at: datetime | None = None, source: str | None = None) -> None:
        """Adds a stamp of the network: one that came now; or, with `at`, one that was made when this clock said `at`. `source`
        names the message or report that it was in. Such a stamp counts if another source agrees, or if it agrees with the clock
        and nothing is known. None: the network's own clock (NITZ), which counts alone."""
        clock_time, network_time = (self._clock.now(), stamp) if at is None else (at, self.now() + (stamp - at))
        is_wrong = clock_trust.check_against_network(stamp, clock_time, fresh=at is not None)
        if is_wrong is None:
            return
        time = network_time - timedelta(seconds=self._monotonic())
        counts = source is None
        if source is not None:
            self._stamps.pop(source, None)
            counts = clock_trust.is_agreed(time, self._stamps.values()) or (not is_wrong and self._network_time is None)
            self._stamps[source] = time
            if len(self._stamps) > MAX_STAMPS:
                del self._stamps[next(iter(self._stamps))]
        if counts:
            self._network_time = time
            self.now()

    def now(self) -> datetime:
        """Returns the wall time, aware, in UTC; carried on from the last trusted time while the machine's clock is not
        trusted."""
        machine_time, at_s = self._clock.now(), self._monotonic()
        reason = clock_trust.find_distrust_reason(machine_time, self._last_trusted, self._estimate_time(at_s))
        if reason is not None and self._is_synchronised():
            reason = clock_trust.find_distrust_reason(machine_time, self._last_trusted, machine_time)
        if (reason is None) is not (self._distrust_reason is None):
            self._log_change(machine_time, reason)
        self._distrust_reason = reason
        if reason is None:
            self._last_trusted, self._last_trusted_s = machine_time, at_s
            return machine_time
        return (self._last_trusted or machine_time) + timedelta(seconds=at_s - self._last_trusted_s)

    def _estimate_time(self, at_s: float) -> datetime | None:
        return self._network_time + timedelta(seconds=at_s) if self._network_time is not None else None

    @staticmethod
    def _log_change(machine_time: datetime, reason: str | None) -> None:
        if reason is None:
            log.warning("the clock is trusted again", clock=machine_time)
        else:
            log.error(
                "the clock is not trusted: calendar, expiry and marketing stop; set the machine's clock",
                clock=machine_time,
                because=reason,
            )
