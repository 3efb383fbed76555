"""Registrations of senders: a country's leave to use a name or a number, with its end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

from modemd.light_dataclass import dataclass

# An end that is nearer is warned of: to renew takes weeks.
ENDS_SOON = timedelta(days=30)


class RegistrationState(StrEnum):
    """State of a registration."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SenderRegistration:
    """Registration of a sender in a country (ISO 3166 alpha-2). `reference`: the register's own; `ends_on`: the last day on
    which it counts, None if it has no end."""

    country: str
    state: RegistrationState
    reference: str = ""
    ends_on: date | None = None

    def is_valid(self, today: date) -> bool:
        """Returns whether it is approved, and has not ended."""
        return self.state is RegistrationState.APPROVED and (self.ends_on is None or today <= self.ends_on)

    def ends_soon(self, today: date) -> bool:
        """Returns whether it is valid, and ends within `ENDS_SOON`."""
        return self.is_valid(today) and self.ends_on is not None and self.ends_on - today <= ENDS_SOON


def find_registration(
    registrations: Iterable[SenderRegistration], country: str, today: date
) -> SenderRegistration | None:
    """Returns the registration in a country that counts: a valid one, the one that ends last; else the last one of the list; None
    if there is none."""
    found = [each for each in registrations if each.country == country]
    valid = [each for each in found if each.is_valid(today)]
    if valid:
        return max(valid, key=lambda each: each.ends_on or date.max)
    return found[-1] if found else None


def describe_lack(registration: SenderRegistration | None, country: str, today: date) -> str:
    """Returns why a sender may not be used in a country that demands a registration. `registration` is not valid."""
    if registration is None:
        return f"{country} takes only registered senders, and this one has no registration there"
    if registration.state is not RegistrationState.APPROVED:
        return f"the registration of the sender in {country} is {registration.state}"
    return f"the registration of the sender in {country} ended on {registration.ends_on}"
