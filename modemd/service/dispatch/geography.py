"""Geography as configured, in the form that the rules use: who may be written to, and what a SIM can do in each country."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from modemd.config import Settings, SimSettings
from modemd.rules.geography.geography import Geography, find_own_countries
from modemd.rules.geography.sim_country import SimIdentity, find_sim_country
from modemd.rules.geography.sim_reach import SimCountries, SimReach


def make_geography(settings: Settings, sims: Iterable[SimIdentity]) -> Geography:
    """Returns which numbers may be written to. `sims`: those that were seen; the configured ones are added. A number that the
    configuration gives to a SIM counts more than what the SIM says."""
    configured = settings.geography
    countries: frozenset[str] | None
    match configured.countries:
        case "all":
            countries = None
        case "own":
            identities = {sim.id: sim for sim in (*map(SimIdentity, settings.sims), *sims)}
            countries = find_own_countries(settings.country, (_find_home(settings, sim) for sim in identities.values()))
        case named:
            countries = frozenset(named)
    return Geography(
        countries,
        is_premium_allowed=configured.premium == "allow",
        is_satellite_allowed=configured.satellite == "allow",
        are_landlines_refused=configured.landlines == "refuse",
        alarm_numbers=frozenset(settings.alarms.to),
    )


def make_sim_countries(settings: Settings, sim: SimIdentity) -> SimCountries:
    """Returns what is known about a SIM in each country."""
    said = settings.sims.get(sim.id, SimSettings()).countries
    return SimCountries(
        _find_home(settings, sim),
        MappingProxyType({country: SimReach(each.two_way, each.sender_kept) for country, each in said.items()}),
    )


def _find_home(settings: Settings, sim: SimIdentity) -> str | None:
    number = settings.sims.get(sim.id, SimSettings()).number or sim.number
    return find_sim_country(SimIdentity(sim.id, number, sim.imsi))
