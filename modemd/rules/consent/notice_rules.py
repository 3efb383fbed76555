"""Notice rules: make of a marketing text what is sent, with what the recipient's country demands. Pure.

`notice.compose` has the rule for one text; here is what an installation knows: its brand, its contact, its texts and its SIMs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from functools import lru_cache
from types import MappingProxyType

from modemd.light_dataclass import dataclass
from modemd.rules.consent.notice import compose
from modemd.rules.consent.notice_countries import NoticeCountry, load_notice_countries
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.language import find_language_of
from modemd.rules.geography.number_kinds import classify
from modemd.rules.geography.sim_reach import SimCountries, SimReach

# What a configuration can lack, as `NoticedText.lacks` names it.
_BRAND = "brand"
# Countries that one line names.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Facts about a contact that decide on its notice. `language`: of its last word of consent, None if it has said none;
    `was_noticed`: a message with the notice was sent to it, since its last opt-in if there was one."""

    language: str | None = None
    was_noticed: bool = False


@dataclass(frozen=True, slots=True)
class NoticeLack:
    """Lack of a setting that a marketing message needs: `brand` or `contact`; `country` (ISO 3166 alpha-2) is the recipient's,
    None if it is not known."""

    setting: str
    country: str | None

    def __str__(self) -> str:
        """Returns what is missing, where, and what to do."""
        place = self.country or "a country that is not known"
        return _describe_no_brand(place) if self.setting == _BRAND else _describe_no_contact(place)


def _describe_no_brand(place: str) -> str:
    return f"marketing to {place} must name its sender, and no brand is configured: set brand"


def _describe_no_contact(place: str) -> str:
    return (
        f"answers from {place} do not arrive, and no contact is configured, so that marketing does not say how to end it: set "
        "consent.contact"
    )


@dataclass(frozen=True, slots=True)
class NoticedMessage:
    """Marketing message as it is sent. `has_notice`: the text says how to end such messages; `added`: what modemd added of
    `prefix`, `sender_name`, `notice`; `lacks`: what it should have and nobody has configured."""

    text: str
    parts: int
    has_notice: bool
    added: tuple[str, ...] = ()
    lacks: tuple[NoticeLack, ...] = ()


# Two instances are equal if they are the same: their mappings have no hash, and `_compose` needs one.
@dataclass(frozen=True, slots=True, eq=False)
class NoticeRules:
    """Notice rules in force.

    `count_parts` returns the parts of a text, and raises Refused (`bad_text`) if it has too many; `home`: the configured country
    (ISO 3166 alpha-2), which counts for recipients of no known country; `sims`: the known SIMs by id; `countries`: what the
    countries demand, None: the list that comes with modemd.
    """

    count_parts: Callable[[str], int]
    texts: Texts
    brand: str | None = None
    contact: str | None = None
    home: str | None = None
    sims: Mapping[str, SimCountries] = field(default_factory=lambda: MappingProxyType({}))
    countries: Mapping[str, NoticeCountry] | None = None

    def compose(self, text: str, parts: int, number: str, contact: NoticeFacts, pinned: str | None) -> NoticedMessage:
        """Returns a marketing message to `number` as it is sent. `parts`: how many its text takes now; `pinned`: the id of the
        only SIM that may send it. Raises Refused (`bad_text`) if it becomes too long."""
        country = classify(number).country or self.home
        language = contact.language or find_language_of(country) or find_language_of(self.home)
        can_reply = self.can_reply(country, pinned)
        return _compose(self, text, parts, country, language, can_reply=can_reply, was_noticed=contact.was_noticed)

    def can_reply(self, country: str | None, pinned: str | None = None) -> bool:
        """Returns whether answers from a country arrive. Without a pinned SIM, False only if no known SIM gets them. What nobody
        has said counts as True."""
        if pinned is not None:
            return SimReach.of(self.sims.get(pinned, SimCountries()), country).two_way is not False
        return not self.sims or any(SimReach.of(sim, country).two_way is not False for sim in self.sims.values())

    @property
    def demands(self) -> Mapping[str, NoticeCountry]:
        """Demands of the countries, by ISO 3166 alpha-2."""
        return load_notice_countries() if self.countries is None else self.countries

    def list_lacks(self, allowed: Collection[str]) -> list[str]:
        """Returns a line for each setting that is not configured, and that marketing to some of the `allowed` countries or by one
        of the SIMs needs."""
        lines = []
        named = [each for each in sorted(allowed) if each in self.demands and self.demands[each].sender_name]
        if named and not self.brand:
            lines.append(_describe_no_brand(_join_some(named)))
        if not self.contact:
            for id, sim in self.sims.items():
                silent = sorted(country for country, reach in sim.said.items() if reach.two_way is False)
                if silent:
                    lines.append(_describe_no_contact(f"{_join_some(silent)} to SIM {id}"))
        return lines


# A campaign has few texts; each is composed when it is judged and when it is stored.
@lru_cache(maxsize=256)
def _compose(
    rules: NoticeRules,
    text: str,
    parts: int,
    country: str | None,
    language: str | None,
    *,
    can_reply: bool,
    was_noticed: bool,
) -> NoticedMessage:
    found = compose(
        text,
        country=country,
        language=language,
        brand=rules.brand,
        was_noticed=was_noticed,
        can_reply=can_reply,
        contact=rules.contact,
        texts=rules.texts,
        countries=rules.countries,
    )
    return NoticedMessage(
        found.text,
        parts if found.text == text else rules.count_parts(found.text),
        found.has_notice,
        found.added,
        tuple(NoticeLack(each, country) for each in found.lacks),
    )


def _join_some(countries: list[str]) -> str:
    """Returns the first countries, and how many more there are."""
    more = len(countries) - _MOST_NAMED
    return ", ".join(countries[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
