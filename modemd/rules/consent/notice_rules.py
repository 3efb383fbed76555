"""Notice rules: make of a marketing text what is sent, with what the recipient's country demands. Pure.

`notice.compose` has the rule for one text; here is what an installation knows: its brand, its contact, its texts and its SIMs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from modemd.rules.consent.notice import compose
from modemd.rules.consent.notice_countries import NoticeCountry
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.language import find_language_of
from modemd.rules.geography.number_kinds import classify
from modemd.rules.geography.sim_reach import SimCountries, SimReach

# What a configuration can lack, as `NoticedText.lacks` names it.
_BRAND = "brand"


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
        if self.setting == _BRAND:
            return f"marketing to {place} must name its sender, and no brand is configured: set brand"
        return (
            f"answers from {place} do not arrive, and no contact is configured, so that marketing to it does not say how to "
            "end it: set consent.contact"
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


@dataclass(frozen=True, slots=True)
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
        found = compose(
            text,
            country=country,
            language=contact.language or find_language_of(country) or find_language_of(self.home),
            brand=self.brand,
            was_noticed=contact.was_noticed,
            can_reply=self.can_reply(country, pinned),
            contact=self.contact,
            texts=self.texts,
            countries=self.countries,
        )
        return NoticedMessage(
            found.text,
            parts if found.text == text else self.count_parts(found.text),
            found.has_notice,
            found.added,
            tuple(NoticeLack(each, country) for each in found.lacks),
        )

    def can_reply(self, country: str | None, pinned: str | None = None) -> bool:
        """Returns whether answers from a country arrive. Without a pinned SIM, False only if no known SIM gets them. What nobody
        has said counts as True."""
        if pinned is not None:
            return SimReach.of(self.sims.get(pinned, SimCountries()), country).two_way is not False
        return not self.sims or any(SimReach.of(sim, country).two_way is not False for sim in self.sims.values())
