"""Sending policy: the facts by which `rules.routing` chooses the SIM of a message: active and preferred SIMs, limits of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from zoneinfo import ZoneInfo

from modemd.config import Settings, SimSettings
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.phone_numbers import find_country
from modemd.rules.quotas import QuotaLimits
from modemd.rules.routing import PREFERRED_SIM_WAIT, Routes, RoutingSnapshot, SimCapability
from modemd.rules.sim_breaker import SimBreakers
from modemd.rules.sim_country import find_iccid_country

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
        zone = configured.timezone or time_zone_of(configured.number or number, sim, self.settings.timezone)
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


def consent_policy(settings: Settings) -> ConsentPolicy:
    """Returns the settings of consent in the form that the rules use."""
    return ConsentPolicy(
        marketing_needs_opt_in=settings.consent.marketing == "opted_in",
        transactional_after_stop=MappingProxyType(
            {prefix: choice == "allow" for prefix, choice in settings.consent.transactional_after_stop.items()}
        ),
    )


@cache
def time_zone_of(number: str | None, iccid: str, default: ZoneInfo) -> ZoneInfo:
    """Returns the zone in which a SIM's quotas begin anew: that of its number's country, or of its ICCID's. `default` if the
    country is not known or has several times."""
    country = find_country(number) if number else find_iccid_country(iccid)
    zones = _zones_by_country().get(country or "", ())
    if not zones or default.key in zones or len({_utc_offsets(zone) for zone in zones}) > 1:
        return default
    return ZoneInfo(zones[0])


@cache
def _utc_offsets(zone: str) -> tuple[timedelta | None, ...]:
    """Returns a zone's UTC offsets in January, April, July and October 2026. Zones with the same offsets count as one: Germany
    has two."""
    return tuple(datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 4, 7, 10))


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """Returns the zones of each country, from the list that comes with the time zone database."""
    found: dict[str, tuple[str, ...]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
