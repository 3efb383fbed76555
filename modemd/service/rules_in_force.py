"""Rules in force: the sending rules, made of settings, SIMs and public holidays. A change of these makes them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType

from modemd.config import CurrentSettings, Settings, SimSettings
from modemd.rules.consent.caps import FrequencyCap, FrequencyCaps
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.geography.geography import Geography, find_own_countries
from modemd.rules.geography.sim_country import SimIdentity, find_sim_country
from modemd.rules.geography.sim_reach import SimCountries, SimReach
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.sending_rules import SendingRules


class RulesInForce:
    """Holder of the sending rules in force. Call `current()` for each use: it returns a value that never changes.

    `find_quiet_hours` returns the quiet hours in force."""

    def __init__(
        self, settings: CurrentSettings, find_quiet_hours: Callable[[], QuietHours | None] = lambda: None
    ) -> None:
        self._settings = settings
        self._find_quiet_hours = find_quiet_hours
        self._sims: dict[str, SimIdentity] = {}
        self._made_of: Settings | None = None
        self._rules = SendingRules()

    def current(self) -> SendingRules:
        """Returns the rules in force now."""
        settings, quiet_hours = self._settings.current(), self._find_quiet_hours()
        if settings is not self._made_of or quiet_hours is not self._rules.quiet_hours:
            self._made_of, self._rules = settings, self._make(settings, quiet_hours)
        return self._rules

    def add_sims(self, sims: Iterable[SimIdentity]) -> None:
        """Adds SIMs that were seen: their countries are written to, if the configuration names none."""
        new = {sim.id: sim for sim in sims}
        if any(self._sims.get(id) != sim for id, sim in new.items()):
            self._sims |= new
            self._made_of = None

    def _make(self, settings: Settings, quiet_hours: QuietHours | None) -> SendingRules:
        return SendingRules(
            consent=make_consent_policy(settings),
            geography=make_geography(settings, self._sims.values()),
            caps=FrequencyCaps(tuple(FrequencyCap(cap.count, cap.per) for cap in settings.consent.caps)),
            quiet_hours=quiet_hours,
            confirmed_lists=frozenset(name for name, each in settings.consent.lists.items() if each.double_opt_in),
        )


def make_consent_policy(settings: Settings) -> ConsentPolicy:
    """Returns the settings of consent in the form that the rules use."""
    return ConsentPolicy(
        marketing_needs_opt_in=settings.consent.marketing == "opted_in",
        transactional_after_stop=MappingProxyType(
            {prefix: choice == "allow" for prefix, choice in settings.consent.transactional_after_stop.items()}
        ),
    )


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
