"""Status reports as they arrive: stored, matched, and read for the network's time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from modemd.connector import AttemptEnding, AttemptReport
from tests.modem.scripted_port import simulated
from tests.service.bench import Bench, sim

STOP_IN_TWO_PARTS = "STOP " * 40
# A delivery of MR 64 to +447700900123, taken by the service centre on 2025-03-11 at 09:15:08.
REPORT = bytes.fromhex("079144775810065006400C91447700091032523011905180005230119051210000")


@simulated
async def test_a_status_report_settles_its_message() -> None:
    """It goes to the reports, not to the inbox, and delivers what it speaks of."""
    b = Bench()
    b.hand.moment = datetime(2025, 3, 11, 9, 15, tzinfo=UTC)
    message = await b.submit("+447700900123")
    claimed = await b.claimed()
    await b.dispatcher.close_attempt(
        sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), reference=64)
    )
    await b.inbox.store_arrival(sim(), REPORT)
    assert b.state(message) == "delivered"
    assert b.all("SELECT 1 FROM inbox") == []


@simulated
async def test_a_report_that_belongs_to_nothing_is_kept() -> None:
    """Listed as unmatched, never dropped."""
    b = Bench()
    await b.inbox.store_arrival(sim(), REPORT)
    row = b.one("SELECT reference, number, attempt_id FROM report")
    assert (row["reference"], row["number"], row["attempt_id"]) == (64, "+447700900123", None)


@pytest.mark.parametrize(
    ("later", "fresh"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)], ids=["soon", "late"]
)
@simulated
async def test_a_report_tells_the_networks_time(later: timedelta, fresh: bool) -> None:
    """Where our own message was written lately its stamp stands beside our clock's; else the latest stamp alone counts."""
    b = Bench()
    await b.submit("+447700900123")
    claimed = await b.claimed()
    written = b.clock.now()
    await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, written, 64))
    b.hand.moment += later
    await b.inbox.store_arrival(sim(), REPORT)
    assert len(b.network_times) == 1
    stamp, at = b.network_times[0]
    assert at == (written if fresh else None)
    assert stamp.date() == date(2025, 3, 11)


@simulated
async def test_a_report_that_comes_again_is_known_whether_more_wait_or_not() -> None:
    """TP-MMS tells of the service centre's queue at that moment (3GPP TS 23.040 9.2.3.2): the second proves nothing about another
    part."""
    b = Bench()
    waiting = REPORT[:8] + bytes((REPORT[8] ^ 0x04,)) + REPORT[9:]
    for octets in (REPORT, waiting, REPORT):
        await b.inbox.store_arrival(sim(), octets)
    assert len(b.all("SELECT 1 FROM report")) == 1
