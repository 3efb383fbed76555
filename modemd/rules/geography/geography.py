"""Geography: decides whether a message may go to the country and the kind of number that its recipient has. Pure.

Fraud makes others send to far countries, satellites and premium-rate numbers, and takes a share of the price. So only the
countries of the SIMs are written to, unless the configuration names others. North America is many countries behind +1, and French
overseas departments have calling codes of their own: each is a country for itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.geography.number_kinds import ClassifiedNumber, NumberKind, classify
from modemd.rules.refusals import RefusalCode

# Classes of answers: somebody wrote from the number first.
_ANSWERS = frozenset({MessageClass.CONVERSATIONAL, MessageClass.SYSTEM})


@dataclass(frozen=True, slots=True)
class GeographyRefusal:
    """Refusal of a recipient: the code, and why, in words."""

    code: RefusalCode
    because: str


@dataclass(frozen=True, slots=True)
class Geography:
    """Numbers that may be written to. `countries` (ISO 3166 alpha-2): None allows all. `alarm_numbers`: those that the
    configuration names for alarms; an alarm to them may go to any country, and to a satellite telephone."""

    countries: frozenset[str] | None = None
    is_premium_allowed: bool = False
    is_satellite_allowed: bool = False
    are_landlines_refused: bool = False
    alarm_numbers: frozenset[str] = frozenset()

    def find_refusal(self, number: str, message_class: MessageClass) -> GeographyRefusal | None:
        """Returns why a message of this class may not go to a number in E.164; None if it may. Short codes always may. An answer
        (conversational, or modemd's own) may go to every country, for its recipient wrote first."""
        found = classify(number)
        if found.kind is NumberKind.SHORT_CODE:
            return None
        is_named = message_class is MessageClass.ALARM and number in self.alarm_numbers
        if found.is_worldwide and not self.is_satellite_allowed and not is_named:
            return GeographyRefusal(
                RefusalCode.SATELLITE_NUMBER,
                f"{number} belongs to no country: it is a satellite phone or a worldwide service",
            )
        if found.kind is NumberKind.PREMIUM and not self.is_premium_allowed:
            return GeographyRefusal(
                RefusalCode.PREMIUM_NUMBER,
                f"{number} is a premium-rate number, or of another kind that costs the sender",
            )
        if found.country is not None and not is_named and not self._is_allowed(found, message_class):
            return GeographyRefusal(
                RefusalCode.COUNTRY_NOT_ALLOWED, f"{number} is in {found.country}, which is not allowed"
            )
        if found.kind is NumberKind.LANDLINE and self.are_landlines_refused and not is_named:
            return GeographyRefusal(RefusalCode.LANDLINE, f"{number} is a landline")
        return None

    def find_warnings(self, number: str) -> tuple[str, ...]:
        """Returns what a person should check about a number that may be written to."""
        match classify(number).kind:
            case NumberKind.LANDLINE:
                return (f"{number} is a landline, which mostly gets no SMS",)
            case NumberKind.MACHINE:
                return (f"{number} is a pager or a mailbox, which mostly gets no SMS",)
            case _:
                return ()

    def _is_allowed(self, found: ClassifiedNumber, message_class: MessageClass) -> bool:
        return self.countries is None or found.country in self.countries or message_class in _ANSWERS


def find_own_countries(country: str | None, sim_countries: Iterable[str | None]) -> frozenset[str] | None:
    """Returns the countries that are written to if the configuration names none: the configured `country`, and those of the
    SIMs. None, which allows all, if no country is known: a new installation must work."""
    return frozenset(each for each in (country, *sim_countries) if each is not None) or None
