"""The wall clock as the service uses it, and what goes on while it is not trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from modemd.rules.classes import MessageClass
from modemd.service.messages.submission import MessageRequest
from modemd.service.operations.wall_clock import MAX_STAMPS, TrustedClock
from modemd.store import events
from modemd.store.outbox import due as outbox_due
from modemd.store.timestamps import find_latest_stored
from tests.modem.scripted_port import simulated
from tests.service.assembled import NOON, HandClock, assembled_service
from tests.service.bench import ALICE, BOB, Bench, sim

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass
class MachineClock:
    """A wall clock and monotonic seconds that pass together, until the wall clock is stepped."""

    wall: HandClock
    seconds: float = 1000.0

    def passes(self, duration: timedelta) -> None:
        self.wall.moment += duration
        self.seconds += duration.total_seconds()

    def stepped(self, by: timedelta) -> None:
        self.wall.moment += by


@pytest.fixture
def machine() -> MachineClock:
    return MachineClock(HandClock())


@pytest.fixture
def time(machine: MachineClock) -> TrustedClock:
    return TrustedClock(machine.wall, lambda: machine.seconds)


def test_a_clock_that_nothing_stands_against_is_taken_as_it_is(machine: MachineClock, time: TrustedClock) -> None:
    """Forwards, also by a step that the network does not contradict."""
    assert (time.now(), time.is_trusted) == (NOON, True)
    machine.stepped(3 * HOUR)
    assert (time.now(), time.is_trusted) == (NOON + 3 * HOUR, True)


def test_a_step_back_is_not_followed(machine: MachineClock, time: TrustedClock) -> None:
    """Time goes on by the monotonic clock, so that what is due in a minute is due in a minute; when the machine's clock has
    come past the last trusted moment, it is trusted again."""
    time.now()
    machine.stepped(-HOUR)
    machine.passes(timedelta(minutes=1))
    assert (time.is_trusted, time.now()) == (False, NOON + timedelta(minutes=1))
    assert time.distrust_reason == "something was stored at 2026-11-22T12:00:00+00:00 already"
    machine.passes(HOUR)
    assert (time.is_trusted, time.now()) == (True, NOON + timedelta(minutes=1))


def test_a_small_correction_back_is_ordinary(machine: MachineClock, time: TrustedClock) -> None:
    """Half a second back, as the machine's time keeper does, alarms nobody."""
    time.now()
    machine.stepped(timedelta(seconds=-0.5))
    assert time.is_trusted


def test_a_start_before_what_is_stored(machine: MachineClock, time: TrustedClock) -> None:
    """A machine that wakes in 1970 goes on from the last moment in the database, until somebody sets its clock."""
    time.set_stored_time(NOON + DAY)
    machine.passes(timedelta(seconds=5))
    assert (time.is_trusted, time.now()) == (False, NOON + DAY + timedelta(seconds=5))
    machine.stepped(2 * DAY)
    assert time.is_trusted


@pytest.mark.parametrize("off", [5 * DAY, -5 * DAY], ids=["the clock is behind", "the clock is ahead"])
def test_a_fresh_stamp_far_off(machine: MachineClock, time: TrustedClock, off: timedelta) -> None:
    """A service centre that took our message days off our clock: not trusted, until the clock is set to that time."""
    written = time.now()
    time.add_network_time(written + off, written, "report 1")
    assert time.is_trusted
    time.add_network_time(written + off, written, "report 2")
    assert (time.is_trusted, time.now()) == (False, NOON)
    machine.passes(HOUR)
    assert (time.is_trusted, time.now()) == (False, NOON + HOUR)
    machine.stepped(off)
    assert (time.is_trusted, time.now()) == (True, NOON + HOUR + off)


def test_an_old_stamp_proves_nothing_and_a_coming_one_does(machine: MachineClock, time: TrustedClock) -> None:
    """A message may have been on its way for a week; none was sent tomorrow."""
    for sender in (ALICE, BOB):
        time.add_network_time(NOON - 7 * DAY, source=sender)
    assert time.is_trusted
    for sender in (ALICE, BOB):
        time.add_network_time(NOON + 7 * DAY, source=sender)
    assert not time.is_trusted


def test_a_later_stamp_that_fits_clears_the_clock(machine: MachineClock, time: TrustedClock) -> None:
    """One service centre that stamps rubbish does not stop the service for long: two right stamps undo two wrong ones."""
    for sender in (ALICE, BOB):
        time.add_network_time(NOON + 400 * DAY, source=sender)
    assert not time.is_trusted
    time.add_network_time(NOON, source=ALICE)
    assert not time.is_trusted
    time.add_network_time(NOON, source=BOB)
    assert time.is_trusted


@pytest.mark.parametrize("fresh", [False, True], ids=["a text", "a report"])
@pytest.mark.parametrize("ahead", [400 * DAY, 3652 * DAY, 30 * DAY], ids=["400 days", "ten years", "a month"])
def test_one_stamp_proves_nothing(machine: MachineClock, time: TrustedClock, ahead: timedelta, fresh: bool) -> None:
    """Nor do two of one sender, one report that comes twice, or two that do not agree; the network's own clock does."""
    at = NOON if fresh else None
    time.add_network_time(NOON + ahead, at, ALICE)
    time.add_network_time(NOON + ahead, at, ALICE)
    time.add_network_time(NOON + ahead + timedelta(minutes=2), at, BOB)
    assert (time.is_trusted, time.now()) == (True, NOON)
    time.add_network_time(NOON + ahead, at)
    assert not time.is_trusted


def test_stamps_agree_though_time_passes_and_the_clock_is_stepped(machine: MachineClock, time: TrustedClock) -> None:
    """What two stamps say is compared as of one moment, by the time that is never stepped."""
    time.add_network_time(NOON + 7 * DAY, source=ALICE)
    machine.passes(3 * HOUR)
    machine.stepped(HOUR)
    time.add_network_time(NOON + 7 * DAY + 3 * HOUR + timedelta(seconds=59), source=BOB)
    assert not time.is_trusted


def test_stamps_are_remembered_for_a_while(machine: MachineClock, time: TrustedClock) -> None:
    """The latest fifty sources: a flood takes up no memory."""
    for index in range(200):
        time.add_network_time(NOON + 7 * DAY + index * HOUR, source=f"+3361234{index:04}")
    assert len(time._stamps) == MAX_STAMPS
    assert time.is_trusted


def test_a_clock_that_ntp_keeps_outweighs_the_network(machine: MachineClock) -> None:
    """Whatever its stamps and its own clock say, and whatever a clock that was wrong has left in the database."""
    synchronised = True
    time = TrustedClock(machine.wall, lambda: machine.seconds, lambda: synchronised)
    for sender in (ALICE, BOB, None):
        time.add_network_time(NOON + 7 * DAY, source=sender)
    time.set_stored_time(NOON + 400 * DAY)
    assert (time.is_trusted, time.now()) == (True, NOON)
    synchronised = False
    assert not time.is_trusted


def test_a_step_away_from_the_networks_time_is_noticed(machine: MachineClock, time: TrustedClock) -> None:
    """Once the network's time is known, a step of more than a day needs no further stamp to be seen."""
    time.add_network_time(NOON)
    machine.passes(HOUR)
    time.now()
    machine.stepped(3 * DAY)
    assert (time.is_trusted, time.now()) == (False, NOON + HOUR)


def test_a_mark_in_the_far_future_yields_to_the_network(machine: MachineClock, time: TrustedClock) -> None:
    """A clock that once said 2099 has left its mark; when the network confirms today, today is trusted."""
    time.set_stored_time(datetime(2099, 1, 1, tzinfo=NOON.tzinfo))
    assert not time.is_trusted
    time.add_network_time(NOON)
    assert (time.is_trusted, time.now()) == (True, NOON)


async def test_the_database_knows_what_time_it_was() -> None:
    """The latest moment of any row, whichever table it is in; nothing in an empty database."""
    b = Bench()
    assert find_latest_stored(b.db) is None
    message = await b.submit()
    b.hand.passes(minutes=3)
    events.add_event(b.db, message, b.hand.now(), "something")
    assert find_latest_stored(b.db) == NOON + timedelta(minutes=3)


async def test_a_service_over_a_database_from_tomorrow(tmp_path: Path) -> None:
    """It accepts, by the time that the database had; status says that the clock is not trusted, and why."""
    async with assembled_service(tmp_path) as assembled:
        await assembled.store.write(lambda db: events.add_event(db, None, NOON + DAY, "something"))
        await assembled.service.know_time()
        message = (await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello"))).message
        assert message.created_at >= (NOON + DAY).isoformat("T", "microseconds")
        status = await assembled.service.operations.health.read_status()
        assert status.clock_distrust == "something was stored at 2026-11-23T12:00:00+00:00 already"


ALARM, OTP, MARKETING = MessageClass.ALARM, MessageClass.OTP, MessageClass.MARKETING


async def test_only_what_cannot_wait_is_promoted() -> None:
    """Scheduled messages wait for a trusted clock, but for alarms and otps; a back-off goes on for every class."""
    b = Bench()
    due = {
        name: await b.submit(ALICE, message_class=name, at=NOON + HOUR)
        for name in (ALARM, OTP, MessageClass.TRANSACTIONAL)
    }
    tried = await b.submit(BOB, at=NOON + HOUR)
    await b.store.write(lambda db: db.execute("UPDATE part SET tries = 1 WHERE message_id = ?", (tried,)))
    later = NOON + 2 * HOUR
    assert await b.store.write(outbox_due.find_next_clock_independent) == NOON + HOUR
    promoted = await b.store.write(lambda db: outbox_due.promote_due(db, later, trusted=False))
    assert promoted == {due[ALARM], due[OTP], tried}
    assert await b.store.write(outbox_due.find_next_clock_independent) is None
    assert await b.store.write(lambda db: outbox_due.promote_due(db, later)) == {due[MessageClass.TRANSACTIONAL]}


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("0791447758100650040B913316325476F800006311030003000005C8329BFD06", id="ten years ahead"),
        pytest.param("0791447758100650040B913316325476F800006221030003000005C8329BFD06", id="day and month swapped"),
    ],
)
@simulated
async def test_an_inbound_message_with_an_odd_stamp_stops_nothing(octets: str) -> None:
    """Its stamp is one sender's, and says so."""
    b = Bench()
    await b.inbox.store_arrival(sim(), bytes.fromhex(octets))
    assert b.time_sources == [ALICE]
    time = TrustedClock(b.hand, lambda: 0.0)
    time.add_network_time(*b.network_times[0], b.time_sources[0])
    assert time.is_trusted
