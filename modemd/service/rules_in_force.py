"""Rules in force: the sending rules, made of settings, SIMs, public holidays and texts. A change of these makes them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType

from modemd import pdu
from modemd.config import CurrentSettings, Settings, SimSettings
from modemd.errors import EncodeError, ErrorCode, Refused
from modemd.rules.consent.caps import FrequencyCap, FrequencyCaps
from modemd.rules.consent.notice_rules import NoticeRules
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.geography.geography import Geography, find_own_countries
from modemd.rules.geography.sim_country import SimIdentity, find_sim_country
from modemd.rules.geography.sim_reach import SimCountries, SimReach
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.sending_rules import SendingRules


class RulesInForce:
    """Holder of the sending rules in force. Call `current()` for each use: it returns a value that never changes.

    `find_quiet_hours` returns the quiet hours in force, `find_texts` the texts of notices."""

    def __init__(
        self,
        settings: CurrentSettings,
        find_quiet_hours: Callable[[], QuietHours | None] = lambda: None,
        find_texts: Callable[[], Texts] = Texts.load,
    ) -> None:
        self._settings = settings
        self._find_quiet_hours = find_quiet_hours
        self._find_texts = find_texts
        self._sims: dict[str, SimIdentity] = {}
        self._made_of: tuple[Settings, QuietHours | None, Texts] | None = None
        self._rules = SendingRules()

    def current(self) -> SendingRules:
        """Returns the rules in force now."""
        settings, quiet_hours, texts = self._settings.current(), self._find_quiet_hours(), self._find_texts()
        made_of = self._made_of
        if made_of is None or made_of[0] is not settings or made_of[1] is not quiet_hours or made_of[2] is not texts:
            self._made_of = settings, quiet_hours, texts
            self._rules = self._make(settings, quiet_hours, texts)
        return self._rules

    def add_sims(self, sims: Iterable[SimIdentity]) -> None:
        """Adds SIMs that were seen: their countries are written to, if the configuration names none."""
        new = {sim.id: sim for sim in sims}
        if any(self._sims.get(id) != sim for id, sim in new.items()):
            self._sims |= new
            self._made_of = None

    def find_number(self, sim: str) -> str | None:
        """Returns the number of a SIM, by its ICCID: as configured, else as the SIM tells; None if nobody knows it."""
        configured, seen = self._settings.current().sims.get(sim), self._sims.get(sim)
        return (configured.number if configured is not None else None) or (seen.number if seen is not None else None)

    def _make(self, settings: Settings, quiet_hours: QuietHours | None, texts: Texts) -> SendingRules:
        return SendingRules(
            consent=make_consent_policy(settings),
            geography=make_geography(settings, self._sims.values()),
            caps=FrequencyCaps(tuple(FrequencyCap(cap.count, cap.per) for cap in settings.consent.caps)),
            quiet_hours=quiet_hours,
            confirmed_lists=frozenset(name for name, each in settings.consent.lists.items() if each.double_opt_in),
            notices=make_notice_rules(settings, self._sims.values(), texts),
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


def make_notice_rules(settings: Settings, sims: Iterable[SimIdentity], texts: Texts) -> NoticeRules | None:
    """Returns what is added to marketing; None if the configuration says: nothing. `sims`: those that were seen; the configured
    ones are added."""
    if settings.consent.notice == "off":
        return None
    identities = {sim.id: sim for sim in (*map(SimIdentity, settings.sims), *sims)}
    return NoticeRules(
        count_parts,
        texts,
        brand=settings.brand,
        contact=settings.consent.contact,
        home=settings.country,
        sims=MappingProxyType({id: make_sim_countries(settings, sim) for id, sim in identities.items()}),
    )


def find_notice_lacks(settings: Settings) -> list[str]:
    """Returns what a configuration lacks for marketing to the countries that it allows: a line for each, for a person."""
    rules = make_notice_rules(settings, (), Texts.load())
    if rules is None:
        return []
    allowed = make_geography(settings, ()).countries
    if settings.geography.countries == "all":
        allowed = frozenset(rules.demands)
    return rules.list_lacks(allowed or frozenset())


def count_parts(text: str) -> int:
    """Returns how many parts a text takes. Raises Refused (`bad_text`) if it has more than a message can have."""
    try:
        return pdu.plan(text).parts
    except EncodeError as error:
        raise Refused(
            ErrorCode.BAD_TEXT, f"with its opt-out notice, the text cannot be sent: {error.reason}; shorten it"
        ) from error


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
