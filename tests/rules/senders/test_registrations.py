"""Registrations of senders, and their ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modemd.rules.senders.registrations import RegistrationState, SenderRegistration, describe_lack, find_registration

TODAY = date(2026, 12, 1)
APPROVED = RegistrationState.APPROVED


@pytest.mark.parametrize(
    ("ends_in_days", "is_valid", "ends_soon"),
    [
        pytest.param(-1, False, False, id="ended yesterday"),
        pytest.param(0, True, True, id="last day"),
        pytest.param(30, True, True, id="30 days"),
        pytest.param(31, True, False, id="31 days"),
        pytest.param(None, True, False, id="no end"),
    ],
)
def test_an_end_is_warned_of_and_then_binds(ends_in_days: int | None, is_valid: bool, ends_soon: bool) -> None:
    """The last day counts; 30 days before it a person is told."""
    ends_on = None if ends_in_days is None else TODAY + timedelta(days=ends_in_days)
    registration = SenderRegistration("AU", APPROVED, "A1", ends_on)
    assert registration.is_valid(TODAY) is is_valid
    assert registration.ends_soon(TODAY) is ends_soon


@pytest.mark.parametrize("state", [each for each in RegistrationState if each is not APPROVED])
def test_only_an_approved_one_counts(state: RegistrationState) -> None:
    """Even before its end."""
    registration = SenderRegistration("AU", state, "A1", TODAY + timedelta(days=1))
    assert not registration.is_valid(TODAY)
    assert not registration.ends_soon(TODAY)


def test_the_one_that_counts_is_found() -> None:
    """A valid one before others, the one that ends last; without a valid one, the latest of the list."""
    pending = SenderRegistration("AU", RegistrationState.PENDING)
    short = SenderRegistration("AU", APPROVED, ends_on=TODAY)
    long = SenderRegistration("AU", APPROVED, ends_on=TODAY + timedelta(days=90))
    endless = SenderRegistration("AU", APPROVED)
    other = SenderRegistration("SG", APPROVED)
    assert find_registration([short, long, pending, other], "AU", TODAY) is long
    assert find_registration([long, endless, pending], "AU", TODAY) is endless
    assert find_registration([short, pending], "AU", TODAY + timedelta(days=1)) is pending
    assert find_registration([other], "AU", TODAY) is None


@pytest.mark.parametrize(
    ("registration", "told"),
    [
        (None, "AU takes only registered names, and this sender has no registration there"),
        (SenderRegistration("AU", RegistrationState.PENDING, "A1"), "in AU (A1) is pending: wait until it is approved"),
        (SenderRegistration("AU", RegistrationState.REFUSED), "in AU was refused"),
        (SenderRegistration("AU", RegistrationState.EXPIRED), "in AU ended: renew it"),
        (SenderRegistration("AU", APPROVED, "", date(2026, 11, 30)), "in AU ended on 2026-11-30: renew it"),
    ],
)
def test_a_lack_is_told(registration: SenderRegistration | None, told: str) -> None:
    """With the country, the reference and what to do."""
    assert describe_lack(registration, "AU").endswith(told)
