"""What the dispatcher goes by: which SIMs are at work, which of them goes first, and what each may send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from modemd.config import Settings
from modemd.config import Sim as SimSettings
from modemd.rules.quotas import Limits
from modemd.rules.routing import PATIENCE, Routes, Sender, Terms
from modemd.rules.sim_breaker import SimStates
from modemd.service.zones import zone_of

# A SIM that has not come yet may still be setting up, for so long after a start.
STARTING = timedelta(minutes=1)


class Traffic:
    """Rules and limits as configured, and the SIMs as they come. Terms are a snapshot: the writer's thread reads them too."""

    def __init__(self, settings: Settings, sims: SimStates, now: Callable[[], datetime]) -> None:
        senders = {iccid: Sender(sim.prefixes, sim.price) for iccid, sim in settings.sims.items()}
        self.routes = Routes(settings.routes, senders)
        self._settings = settings
        self._limits: dict[str, Limits] = {}
        self._sims = sims
        self._now = now
        self._started: datetime | None = None

    def limits(self, sim: str, number: str | None = None) -> Limits:
        """What a SIM may send. `number`: its own, if another than the configured one is known."""
        if sim not in self._limits:
            configured = self._settings.sims.get(sim, SimSettings())
            zone = configured.timezone or zone_of(configured.number or number, sim, self._settings.timezone)
            self._limits[sim] = _limits(self._settings, configured, zone)
        return self._limits[sim]

    def terms(self) -> Terms:
        """On which terms SIMs come at this moment."""
        now = self._now()
        self._started = started = self._started or now
        present = self._sims.present(now)
        well = frozenset(sim for sim in present if self._sims.rests(sim, now) is None)
        return Terms(self.routes, self.limits, present, well, now < started + STARTING, now - PATIENCE)


def _limits(settings: Settings, sim: SimSettings, zone: tzinfo) -> Limits:
    given = sim.limits or settings.limits
    return Limits(given.hour, given.day, given.month, given.reserve, given.marketing_per_hour, given.warm_up, zone)
