"""Registrations of senders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modemd.rules.senders.registrations import RegistrationState, SenderRegistration, describe_lack, find_registration

TODAY = date(2026, 12, 1)
APPROVED = RegistrationState.APPROVED


@pytest.mark.parametrize(
    ("state", "ends_in", "valid", "soon"),
    [
        (APPROVED, None, True, False),
        (APPROVED, 31, True, False),
        (APPROVED, 30, True, True),
        (APPROVED, 0, True, True),
        (APPROVED, -1, False, False),
        (RegistrationState.PENDING, None, False, False),
        (RegistrationState.REFUSED, 100, False, False),
    ],
)
def test_a_registration_counts_until_its_last_day(
    state: RegistrationState, ends_in: int | None, valid: bool, soon: bool
) -> None:
    """And its end is near 30 days before."""
    ends_on = None if ends_in is None else TODAY + timedelta(days=ends_in)
    registration = SenderRegistration("AU", state, "ref", ends_on)
    assert (registration.is_valid(TODAY), registration.ends_soon(TODAY)) == (valid, soon)


def test_the_registration_that_counts() -> None:
    """A valid one, the one that ends last; else the last one of the country."""
    old = SenderRegistration("AU", APPROVED, "1", TODAY - timedelta(days=1))
    new = SenderRegistration("AU", APPROVED, "2", TODAY + timedelta(days=1))
    endless = SenderRegistration("AU", APPROVED, "3")
    pending = SenderRegistration("AU", RegistrationState.PENDING, "4")
    assert find_registration([old, new, pending], "AU", TODAY) == new
    assert find_registration([endless, new], "AU", TODAY) == endless
    assert find_registration([pending, old], "AU", TODAY) == old
    assert find_registration([new], "NZ", TODAY) is None


@pytest.mark.parametrize(
    ("registration", "told"),
    [
        (None, "has no registration there"),
        (SenderRegistration("AU", RegistrationState.PENDING), "is pending"),
        (SenderRegistration("AU", APPROVED, "", date(2026, 11, 30)), "ended on 2026-11-30"),
    ],
)
def test_a_lack_is_told(registration: SenderRegistration | None, told: str) -> None:
    """With the country."""
    text = describe_lack(registration, "AU", TODAY)
    assert told in text
    assert "AU" in text
