"""What phones do by themselves."""

from __future__ import annotations

from datetime import UTC, time, timedelta, timezone, tzinfo

import pytest

from modemd.emulator import Network, Phone
from modemd.emulator.network.phone_habits import PhoneAutomation, parse_off_hours
from tests.emulator.bench import ALICE, START, HandTimers

OTHER = "+33612345678"


@pytest.fixture
def timers() -> HandTimers:
    return HandTimers()


@pytest.fixture
def network(timers: HandTimers) -> Network:
    return Network(timers, delivery_latency_s=0)


def inbox(phone: Phone) -> list[str | None]:
    return [received.text for received in phone.inbox]


def test_a_phone_has_had_enough(network: Network, timers: HandTimers) -> None:
    """It replies, then says STOP to the message of that count, then nothing any more."""
    phone, alice = network.phone(OTHER), network.phone(ALICE)
    PhoneAutomation(phone, timers, UTC, reply="Thanks", stop_after=3, stop_word="ARRET").begin()
    for count in range(5):
        alice.send(OTHER, f"Offer {count}")
        timers.run(1)
    assert len(inbox(phone)) == 5
    assert inbox(alice) == ["Thanks", "Thanks", "ARRET"]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        pytest.param("22:00-07:00", ("22:00", "23:59", "00:00", "06:59"), ("07:00", "12:00", "21:59"), id="over night"),
        pytest.param("12:30-13:00", ("12:30", "12:59"), ("12:29", "13:00", "00:00"), id="within a day"),
    ],
)
def test_off_hours(text: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    """A stretch has its start and not its end, and may run past midnight."""
    hours = parse_off_hours(text)
    assert all(hours.contains(time.fromisoformat(moment)) for moment in inside)
    assert not any(hours.contains(time.fromisoformat(moment)) for moment in outside)


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:00-22:00", "22:00", "22:00-07:00 "])
def test_what_are_no_off_hours(text: str) -> None:
    """Anything but two different times of a day is an error that shows how it is written."""
    with pytest.raises(ValueError, match="22:00-07:00"):
        parse_off_hours(text)


@pytest.mark.parametrize(
    ("zone", "off_after_h"), [pytest.param(UTC, 1, id="UTC"), pytest.param(timezone(timedelta(hours=1)), 0, id="east")]
)
def test_a_phone_is_off_between_times(network: Network, timers: HandTimers, zone: tzinfo, off_after_h: int) -> None:
    """It leaves and comes back each day at these times of the network's zone, and gets then what waited."""
    assert START.time() == time(9, 15)
    phone, alice = network.phone(OTHER), network.phone(ALICE)
    PhoneAutomation(phone, timers, zone, off=[parse_off_hours("10:00-11:00")]).begin()
    assert phone.on is (off_after_h == 1)
    timers.run(3600 * off_after_h)
    for day in (1, 2):
        assert not phone.on
        alice.send(OTHER, "Wake up")
        timers.run(60)
        assert len(phone.inbox) == day - 1
        timers.run(3600)
        assert (phone.on, len(phone.inbox)) == (True, day)
        timers.run(86400 - 3660)
