"""What the dispatcher goes by: which SIMs are at work, which of them goes first, and what each may send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from modemd.config import Settings, SimSettings
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.quotas import QuotaLimits
from modemd.rules.routing import PREFERRED_SIM_WAIT, Routes, RoutingSnapshot, SimCapability
from modemd.rules.sim_breaker import SimBreakers

# A SIM that has not come yet may still be setting up, for so long after a start.
STARTUP_TIME = timedelta(minutes=1)


class SendingPolicy:
    """Rules and limits as configured, and the SIMs as they come. Terms are a snapshot: the writer's thread reads them too."""

    def __init__(self, settings: Settings, sims: SimBreakers, now: Callable[[], datetime]) -> None:
        senders = {iccid: SimCapability(sim.prefixes, sim.price) for iccid, sim in settings.sims.items()}
        self.routes = Routes(settings.routes, senders)
        self._settings = settings
        self._limits: dict[str, QuotaLimits] = {}
        self._breakers = sims
        self._now = now
        self._started: datetime | None = None

    def limits(self, sim: str, number: str | None = None) -> QuotaLimits:
        """What a SIM may send. `number`: its own, if another than the configured one is known."""
        if sim not in self._limits:
            configured = self._settings.sims.get(sim, SimSettings())
            zone = configured.timezone or time_zone_of(configured.number or number, sim, self._settings.timezone)
            self._limits[sim] = _configured_limits(self._settings, configured, zone)
        return self._limits[sim]

    def terms(self) -> RoutingSnapshot:
        """On which terms SIMs come at this moment."""
        now = self._now()
        self._started = started = self._started or now
        present = self._breakers.list_active_sims(now)
        well = frozenset(sim for sim in present if self._breakers.open_until(sim, now) is None)
        return RoutingSnapshot(
            self.routes, self.limits, present, well, now < started + STARTUP_TIME, now - PREFERRED_SIM_WAIT
        )


def _configured_limits(settings: Settings, sim: SimSettings, zone: tzinfo) -> QuotaLimits:
    given = sim.limits or settings.limits
    return QuotaLimits(given.hour, given.day, given.month, given.reserve, given.marketing_per_hour, given.warm_up, zone)


def consent_policy(settings: Settings) -> ConsentPolicy:
    """What the configuration says of consent, as the rules want it."""
    return ConsentPolicy(
        marketing_needs_opt_in=settings.consent.marketing == "opted_in",
        transactional_after_stop={
            prefix: said == "allow" for prefix, said in settings.consent.transactional_after_stop.items()
        },
    )


def time_zone_of(number: str | None, iccid: str, usual: ZoneInfo) -> ZoneInfo:
    """The zone in which a SIM's quotas begin anew; `usual` where its country has several times or cannot be told."""
    country = _country_of_number(number) if number else _country_of_iccid(iccid)
    zones = _zones_by_country().get(country or "", ())
    if not zones or usual.key in zones or len({_utc_offsets(zone) for zone in zones}) > 1:
        return usual
    return ZoneInfo(zones[0])


@cache
def _utc_offsets(zone: str) -> tuple[timedelta | None, ...]:
    """By these, a country's zones are one for us: Germany has two, of the same hours."""
    return tuple(datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 4, 7, 10))


def _country_of_number(number: str) -> str | None:
    from modemd.rules.phone_numbers import find_country

    return find_country(number)


def _country_of_iccid(iccid: str) -> str | None:
    """The digits behind 89 are the country's calling code (ITU-T E.118 3.1), of which no one begins another."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    if not iccid.startswith("89"):
        return None
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(iccid[2 : 2 + length] or 0))
        if regions is not None:
            return regions[0]
    return None


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """Zones by country, from the list that comes with the time zone database."""
    found: dict[str, tuple[str, ...]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
