"""Sending policy: the facts by which `rules.routing` chooses the SIM of a message: active and preferred SIMs, limits of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from modemd.config import Settings, SimSettings
from modemd.light_dataclass import dataclass
from modemd.rules.geography.sim_time_zone import find_sim_time_zone
from modemd.rules.quotas import QuotaLimits
from modemd.rules.routing import PREFERRED_SIM_WAIT, Routes, RoutingSnapshot, SimCapability
from modemd.rules.sim_breaker import SimBreakers

# For so long after a start, a SIM that has not asked for parts may still be setting up.
STARTUP_TIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SimLimits:
    """Limits of each SIM, as configured at the start. An instance never changes, so every thread may call it."""

    settings: Settings

    def __call__(self, sim: str, number: str | None = None) -> QuotaLimits:
        """Returns what a SIM may send. `number`: the SIM's own number, used if none is configured."""
        configured = self.settings.sims.get(sim, SimSettings())
        limits = configured.limits or self.settings.limits
        zone = configured.timezone or find_sim_time_zone(configured.number or number, sim, self.settings.timezone)
        return QuotaLimits(
            limits.hour, limits.day, limits.month, limits.reserve, limits.marketing_per_hour, limits.warm_up, zone
        )


class SendingPolicy:
    """Rules and limits as configured, and which SIMs are active and healthy now."""

    def __init__(self, settings: Settings, breakers: SimBreakers, now: Callable[[], datetime]) -> None:
        capabilities = {iccid: SimCapability(sim.prefixes, sim.price) for iccid, sim in settings.sims.items()}
        self.routes = Routes(settings.routes, capabilities)
        self.limits = SimLimits(settings)
        self._breakers = breakers
        self._now = now
        self._started: datetime | None = None

    def snapshot(self) -> RoutingSnapshot:
        """Returns rules, limits and the active SIMs as they are now, as a value for the writer's thread."""
        now = self._now()
        self._started = started = self._started or now
        active = self._breakers.list_active_sims(now)
        healthy = frozenset(sim for sim in active if self._breakers.open_until(sim, now) is None)
        is_starting = now < started + STARTUP_TIME
        return RoutingSnapshot(self.routes, self.limits, active, healthy, is_starting, now - PREFERRED_SIM_WAIT)
